"""If a program does not answer, its sidecar responds with a reason that programs can read."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import pytest
import requests
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from laptop.ephemeral import temporary_folder
from mesh.tests.small_mesh import SmallMesh, running_mesh, small_platform

MESSAGE = "A service does not answer. Try again."


@pytest.fixture(scope="module")
def sidecars() -> Iterator[SmallMesh]:
    """Run a mesh without programs."""
    with (
        temporary_folder("market-mesh-") as folder,
        running_mesh(small_platform(folder), folder, with_programs=False) as mesh,
    ):
        yield mesh


def get_web(mesh: SmallMesh, headers: dict[str, str]) -> requests.Response:
    return requests.get(f"http://{mesh.address('frontend', 'web')}/open", headers=headers, timeout=10)


def test_a_grpc_call_gets_a_status_with_details(sidecars: SmallMesh) -> None:
    with pytest.raises(grpc.RpcError) as failed:
        sidecars.call_backend()
    status = rpc_status.from_call(failed.value)
    info = error_details_pb2.ErrorInfo()
    assert status is not None
    assert status.details[0].Unpack(info)
    assert (status.code, status.message) == (14, MESSAGE)
    assert (info.reason, info.domain, dict(info.metadata)) == (
        "UPSTREAM_UNAVAILABLE",
        "night-market",
        {"service": "backend"},
    )


def test_an_http_request_gets_an_error_as_json(sidecars: SmallMesh) -> None:
    response = get_web(sidecars, {})
    assert (response.status_code, response.headers["retry-after"]) == (503, "2")
    error = response.json()
    assert (error["code"], error["message"]) == (14, MESSAGE)
    assert error["details"][0]["reason"] == "UPSTREAM_UNAVAILABLE"
    assert error["details"][0]["metadata"] == {"service": "web"}


def test_a_browser_gets_a_page(sidecars: SmallMesh) -> None:
    response = get_web(sidecars, {"Accept": "text/html,application/xhtml+xml"})
    assert (response.status_code, response.headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert "Please try again in a moment." in response.text
