"""A program restarts behind its sidecar, as `make restart` does it: a second one listens before the first goes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chassis.grpc_client import Channel
from mesh.tests.small_mesh import TAKE, SmallMesh, has_gone_on, shelf_server, under_load


@pytest.fixture
def channel(mesh: SmallMesh) -> Iterator[Channel]:
    """As services call each other."""
    opened = Channel("shelf", mesh.address("shop", "shelf"))
    yield opened
    opened.close()


def test_nobody_notices(mesh: SmallMesh, channel: Channel) -> None:
    ask = channel.unary_unary(TAKE)
    workload = mesh.workload("shelf")
    with under_load(lambda: ask(b"")) as outcomes:
        for _ in range(5):
            relief = shelf_server(mesh, workload)
            relief.start()
            has_gone_on(outcomes)
            mesh.programs["shelf"].stop(10).wait()
            mesh.programs["shelf"] = relief
            has_gone_on(outcomes)
    assert set(outcomes) == {"ok"}
