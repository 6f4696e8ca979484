from __future__ import annotations

from dataclasses import replace

import pytest

from mesh.errors import MeshError
from mesh.platform import Address, Platform, Workload
from mesh.renderer import Files, render
from mesh.tests import cases
from topology import Protocol

# It serves no requests.
WORKER = Workload(
    "worker", "worker", "worker", Protocol.EVENTS, Address("127.0.0.1", 7001), Address("127.0.0.1", 7002)
)


def with_workloads(*others: Workload) -> Platform:
    """Return the platform of the cases with more workloads."""
    platform = cases.platform()
    return replace(platform, workloads=(*platform.workloads, *others))


def names(files: Files, file: str) -> list[str]:
    """Return the names of the resources in a file."""
    return [resource["name"] for resource in files[file]["resources"]]


def test_a_workload_that_serves_no_requests_can_call_others_and_has_no_inbound_listener() -> None:
    worker = replace(WORKER, calls={"web": Address("127.0.0.1", 7003)})
    files = render(cases.policies(), with_workloads(worker))["worker"]
    assert (names(files, "listeners.yaml"), names(files, "clusters.yaml")) == (["web"], ["web"])


def test_a_workload_that_serves_no_requests_cannot_be_called() -> None:
    caller = replace(WORKER, name="caller", calls={"worker": Address("127.0.0.1", 7003)})
    with pytest.raises(MeshError, match="platform: caller calls worker, which is not a host"):
        render(cases.policies(), with_workloads(WORKER, caller))


def test_two_equal_addresses_are_an_error() -> None:
    worker = replace(WORKER, metrics=WORKER.admin)
    with pytest.raises(MeshError, match="platform: two addresses of worker are the same"):
        render(cases.policies(), with_workloads(worker))


def test_an_account_of_several_workloads_is_listed_once() -> None:
    assert cases.platform().accounts == ("frontend", "backend", "web", "gateway")
