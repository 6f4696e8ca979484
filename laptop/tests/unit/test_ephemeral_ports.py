"""Ports for ephemeral servers if several pytest workers look for some at the same time."""

from __future__ import annotations

from itertools import chain

import pytest

from laptop.ephemeral import free_port, worker_share


def share_of(worker: int, monkeypatch: pytest.MonkeyPatch) -> range:
    monkeypatch.setenv("PYTEST_XDIST_WORKER", f"gw{worker}")
    return worker_share(2_000, 10_000)


def test_workers_share_no_port(monkeypatch: pytest.MonkeyPatch) -> None:
    ports = list(chain.from_iterable(share_of(worker, monkeypatch) for worker in range(8)))
    assert len(set(ports)) == len(ports) == 8_000


def test_a_free_port_is_in_the_share_of_this_worker() -> None:
    assert {free_port() for _ in range(20)} <= set(worker_share(2_000, 10_000))
