"""What VirtualServices do to a request: shares, choices, faults, copies, patience."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

import grpc
import pytest

from mesh.tests.small_mesh import TAKE, SmallMesh, ask
from tests.support.waiting import wait_until

Routes = Callable[[str], None]
TO_V1 = "route: [{destination: {host: shelf, subset: v1}}]"
TO_V2 = "route: [{destination: {host: shelf, subset: v2}}]"


def answers(mesh: SmallMesh, number: int) -> Counter[str]:
    """Who answers so many calls of one connection."""
    with grpc.insecure_channel(mesh.address("shop", "shelf")) as channel:
        return Counter(ask(channel) for _ in range(number))


def test_without_a_choice_everybody_gets_the_one_subset(mesh: SmallMesh) -> None:
    assert answers(mesh, 50) == {"shelf": 50}


def test_weights_share_the_requests_of_one_connection(mesh: SmallMesh, routes: Routes) -> None:
    halves = [f"{{destination: {{host: shelf, subset: {name}}}, weight: 50}}" for name in ("v1", "v2")]
    routes(f"[{{route: [{', '.join(halves)}]}}]")
    found = answers(mesh, 200)
    assert found.total() == 200 and min(found["shelf"], found["shelf-v2"]) > 50


def test_without_subsets_every_instance_gets_some(mesh: SmallMesh, routes: Routes) -> None:
    routes("[{route: [{destination: {host: shelf}}]}]")
    assert set(answers(mesh, 100)) == {"shelf", "shelf-v2"}


def test_a_header_chooses(mesh: SmallMesh, routes: Routes) -> None:
    routes(f"[{{match: [{{headers: {{x-account-email: {{regex: '.*@testers'}}}}}}], {TO_V2}}}, {{{TO_V1}}}]")
    assert mesh.take(x_account_email="eve@testers") == "shelf-v2"
    assert mesh.take(x_account_email="eve@elsewhere") == "shelf"


def test_a_fault_fails_its_share_and_the_program_never_knows(mesh: SmallMesh, routes: Routes) -> None:
    routes(f"[{{fault: {{abort: {{grpcStatus: UNAVAILABLE, percentage: {{value: 50}}}}}}, {TO_V1}}}]")
    before = len(mesh.received["shelf"])
    failed = sum(fails(mesh) for _ in range(60))
    assert 10 < failed < 50
    assert len(mesh.received["shelf"]) - before == 60 - failed


def fails(mesh: SmallMesh) -> bool:
    """Whether a call ends UNAVAILABLE."""
    try:
        mesh.take()
    except grpc.RpcError as error:
        assert error.code() is grpc.StatusCode.UNAVAILABLE
        return True
    return False


def test_a_fault_delays(mesh: SmallMesh, routes: Routes) -> None:
    routes(f"[{{fault: {{delay: {{fixedDelay: 400ms, percentage: {{value: 100}}}}}}, {TO_V1}}}]")
    started = time.monotonic()
    assert mesh.take() == "shelf"
    assert time.monotonic() - started >= 0.4


def test_a_mirror_gets_a_copy_and_its_answer_goes_nowhere(mesh: SmallMesh, routes: Routes) -> None:
    routes(f"[{{{TO_V1}, mirror: {{host: shelf, subset: v2}}, mirrorPercentage: {{value: 100}}}}]")
    before = len(mesh.received["shelf-v2"])
    assert answers(mesh, 5) == {"shelf": 5}
    assert wait_until(lambda: len(mesh.received["shelf-v2"]) - before == 5)


def test_patience_ends(mesh: SmallMesh, routes: Routes) -> None:
    routes(f"[{{fault: {{delay: {{fixedDelay: 5s}}}}, timeout: 5s, {TO_V1}}}]")
    late = pytest.raises(grpc.RpcError, match="DEADLINE_EXCEEDED")
    with grpc.insecure_channel(mesh.address("shop", "shelf")) as channel, late:
        channel.unary_unary(TAKE)(b"", timeout=0.3)
