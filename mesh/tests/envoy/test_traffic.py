"""The effect of VirtualServices on requests: weights, matches, faults, mirrors, timeouts."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

import grpc
import pytest

from mesh.tests.small_mesh import GET, SmallMesh, call
from tests.support.waiting import wait_until

Routes = Callable[[str], None]
TO_V1 = "route: [{destination: {host: backend, subset: v1}}]"
TO_V2 = "route: [{destination: {host: backend, subset: v2}}]"


def answers(mesh: SmallMesh, number: int) -> Counter[str]:
    """Make calls on one connection and return how many each workload answered."""
    with grpc.insecure_channel(mesh.address("frontend", "backend")) as channel:
        return Counter(call(channel) for _ in range(number))


def test_a_route_to_one_subset_sends_it_every_request(mesh: SmallMesh) -> None:
    assert answers(mesh, 50) == {"backend": 50}


def test_weights_divide_the_requests_of_one_connection(mesh: SmallMesh, routes: Routes) -> None:
    halves = [f"{{destination: {{host: backend, subset: {name}}}, weight: 50}}" for name in ("v1", "v2")]
    routes(f"[{{route: [{', '.join(halves)}]}}]")
    found = answers(mesh, 200)
    assert found.total() == 200 and min(found["backend"], found["backend-v2"]) > 50


def test_a_route_without_a_subset_sends_requests_to_every_instance(mesh: SmallMesh, routes: Routes) -> None:
    routes("[{route: [{destination: {host: backend}}]}]")
    assert set(answers(mesh, 100)) == {"backend", "backend-v2"}


def test_a_header_selects_a_route(mesh: SmallMesh, routes: Routes) -> None:
    routes(f"[{{match: [{{headers: {{x-account-email: {{regex: '.*@testers'}}}}}}], {TO_V2}}}, {{{TO_V1}}}]")
    assert mesh.call_backend(x_account_email="eve@testers") == "backend-v2"
    assert mesh.call_backend(x_account_email="eve@elsewhere") == "backend"


def test_an_abort_fails_its_share_of_requests_before_they_reach_the_program(
    mesh: SmallMesh, routes: Routes
) -> None:
    routes(f"[{{fault: {{abort: {{grpcStatus: UNAVAILABLE, percentage: {{value: 50}}}}}}, {TO_V1}}}]")
    before = len(mesh.received["backend"])
    failed = sum(fails(mesh) for _ in range(60))
    assert 10 < failed < 50
    assert len(mesh.received["backend"]) - before == 60 - failed


def fails(mesh: SmallMesh) -> bool:
    """Return whether a call fails with UNAVAILABLE."""
    try:
        mesh.call_backend()
    except grpc.RpcError as error:
        assert error.code() is grpc.StatusCode.UNAVAILABLE
        return True
    return False


def test_a_delay_delays_requests(mesh: SmallMesh, routes: Routes) -> None:
    routes(f"[{{fault: {{delay: {{fixedDelay: 400ms, percentage: {{value: 100}}}}}}, {TO_V1}}}]")
    started = time.monotonic()
    assert mesh.call_backend() == "backend"
    assert time.monotonic() - started >= 0.4


def test_a_mirror_gets_a_copy_and_its_response_is_discarded(mesh: SmallMesh, routes: Routes) -> None:
    routes(f"[{{{TO_V1}, mirror: {{host: backend, subset: v2}}, mirrorPercentage: {{value: 100}}}}]")
    before = len(mesh.received["backend-v2"])
    assert answers(mesh, 5) == {"backend": 5}
    wait_until(lambda: len(mesh.received["backend-v2"]) - before == 5)


def test_the_caller_s_timeout_ends_a_call(mesh: SmallMesh, routes: Routes) -> None:
    routes(f"[{{fault: {{delay: {{fixedDelay: 5s}}}}, timeout: 5s, {TO_V1}}}]")
    late = pytest.raises(grpc.RpcError, match="DEADLINE_EXCEEDED")
    with grpc.insecure_channel(mesh.address("frontend", "backend")) as channel, late:
        channel.unary_unary(GET)(b"", timeout=0.3)
