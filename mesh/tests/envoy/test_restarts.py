"""A program restarts behind its sidecar, as with `make restart`: the new process listens before the old one stops."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chassis.grpc_client import Channel
from mesh.tests.small_mesh import GET, SmallMesh, backend_server, under_load, wait_for_more_calls


@pytest.fixture
def channel(mesh: SmallMesh) -> Iterator[Channel]:
    """Open a connection with the client that services use."""
    opened = Channel("backend", mesh.address("frontend", "backend"))
    yield opened
    opened.close()


def test_no_request_fails(mesh: SmallMesh, channel: Channel) -> None:
    get = channel.unary_unary(GET)
    workload = mesh.platform.workload("backend")
    with under_load(lambda: get(b"")) as outcomes:
        for _ in range(5):
            new = backend_server(mesh, workload)
            new.start()
            wait_for_more_calls(outcomes)
            mesh.servers["backend"].stop(10).wait()
            mesh.servers["backend"] = new
            wait_for_more_calls(outcomes)
    assert set(outcomes) == {"ok"}
