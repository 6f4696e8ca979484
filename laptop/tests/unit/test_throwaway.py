"""Ports for throw-away servers, where several processes of tests look for some at once."""

from __future__ import annotations

from itertools import chain

import pytest

from laptop.throwaway import free_port, own_share


def share_of(worker: int, monkeypatch: pytest.MonkeyPatch) -> range:
    monkeypatch.setenv("PYTEST_XDIST_WORKER", f"gw{worker}")
    return own_share(2_000, 10_000)


def test_no_two_processes_of_tests_look_at_the_same_port(monkeypatch: pytest.MonkeyPatch) -> None:
    ports = list(chain.from_iterable(share_of(worker, monkeypatch) for worker in range(8)))
    assert len(set(ports)) == len(ports) == 8_000


def test_a_free_port_is_one_of_this_process_s_own() -> None:
    assert {free_port() for _ in range(20)} <= set(own_share(2_000, 10_000))
