"""Where a program is away its sidecar answers in its place, with a reason that a program can read."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import pytest
import requests
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from laptop.ephemeral import temporary_folder
from mesh.tests.small_mesh import SmallMesh, running_mesh, small_site

PAGE = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture(scope="module")
def deserted() -> Iterator[SmallMesh]:
    """A mesh of sidecars alone."""
    with (
        temporary_folder("market-mesh-") as folder,
        running_mesh(small_site(folder), folder, deserted=True) as mesh,
    ):
        yield mesh


def desk(mesh: SmallMesh, headers: dict[str, str]) -> requests.Response:
    return requests.get(f"http://{mesh.address('shop', 'desk')}/open", headers=headers, timeout=10)


def test_by_grpc(deserted: SmallMesh) -> None:
    with pytest.raises(grpc.RpcError) as failed:
        deserted.take()
    told = rpc_status.from_call(failed.value)
    info = error_details_pb2.ErrorInfo()
    assert told is not None
    assert told.details[0].Unpack(info)
    assert (told.code, told.message) == (14, "A service does not answer. Try again.")
    assert (info.reason, info.domain, dict(info.metadata)) == (
        "UPSTREAM_UNAVAILABLE",
        "night-market",
        {"service": "shelf"},
    )


def test_by_http(deserted: SmallMesh) -> None:
    answer = desk(deserted, {})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    error = answer.json()
    assert (error["code"], error["message"]) == (14, "A service does not answer. Try again.")
    assert error["details"][0]["reason"] == "UPSTREAM_UNAVAILABLE"
    assert error["details"][0]["metadata"] == {"service": "desk"}


def test_a_browser_gets_a_page(deserted: SmallMesh) -> None:
    answer = desk(deserted, PAGE)
    assert (answer.status_code, answer.headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert "Please try again in a moment." in answer.text
