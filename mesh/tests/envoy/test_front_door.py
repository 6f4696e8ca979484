"""An Envoy that is no sidecar, as the gateway: it calls into the mesh with an identity of its own."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
import requests

from laptop import wheels
from laptop.throwaway import Server, free_port, running, temporary_folder
from mesh import sidecars
from mesh.render import client_files, client_transport_socket
from mesh.render.types import endpoints, socket
from mesh.site import Address
from mesh.tests.small_mesh import HOST, LOOK, SmallMesh, ask


@contextmanager
def running_door(mesh: SmallMesh, transport_socket: dict[str, Any] | None) -> Iterator[str]:
    """Runs an Envoy that passes everything on to the shelf; its address."""
    sidecars.write(Path(mesh.site.folder) / "door", client_files(mesh.site, "door"))
    port, admin = free_port(), free_port()
    with temporary_folder("market-mesh-") as folder:
        (folder / "door.yaml").write_text(sidecars.text(configuration(mesh, port, admin, transport_socket)))
        server = Server(
            command=[str(wheels.envoy()), "-c", "door.yaml", "--disable-hot-restart", "--concurrency", "1"],
            folder=folder,
            is_ready=lambda: answers(admin),
            stop_signal=signal.SIGTERM,
            identity={},
        )
        with running(server):
            yield f"{HOST}:{port}"


def answers(admin: int) -> bool:
    """Whether Envoy is ready."""
    try:
        return requests.get(f"http://{HOST}:{admin}/ready", timeout=2).status_code == 200
    except requests.ConnectionError:
        return False


def configuration(
    mesh: SmallMesh, port: int, admin: int, transport_socket: dict[str, Any] | None
) -> dict[str, Any]:
    """As the gateway's, small: one listener, one cluster."""
    inbound = mesh.workload("shelf").inbound
    assert inbound is not None
    options = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    http2 = {
        "@type": f"type.googleapis.com/{options}",
        "explicit_http_config": {"http2_protocol_options": {}},
    }
    filters = "type.googleapis.com/envoy.extensions.filters."
    router = {"name": "router", "typed_config": {"@type": f"{filters}http.router.v3.Router"}}
    manager = {
        "@type": f"{filters}network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "door",
        "http_filters": [router],
        "route_config": {
            "virtual_hosts": [
                {
                    "name": "all",
                    "domains": ["*"],
                    "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "shelf"}}],
                }
            ]
        },
    }
    cluster = {
        "name": "shelf",
        "load_assignment": endpoints("shelf", inbound),
        "typed_extension_protocol_options": {options: http2},
        **({"transport_socket": transport_socket} if transport_socket else {}),
    }
    chain = {"filters": [{"name": "http", "typed_config": manager}]}
    listener = {"address": socket(Address(HOST, port)), "filter_chains": [chain]}
    return {
        "node": {"id": "door", "cluster": "door"},
        "admin": {"address": socket(Address(HOST, admin))},
        "static_resources": {"listeners": [listener], "clusters": [cluster]},
    }


def test_it_is_let_in_by_its_own_identity_and_may_what_that_may(mesh: SmallMesh) -> None:
    identity = client_transport_socket(mesh.site, "door", "shelf")
    with running_door(mesh, identity) as address, grpc.insecure_channel(address) as channel:
        assert ask(channel) == "shelf"
        with pytest.raises(grpc.RpcError, match="PERMISSION_DENIED"):
            ask(channel, LOOK)


def test_without_it_nobody_answers(mesh: SmallMesh) -> None:
    refused = pytest.raises(grpc.RpcError, match="UNAVAILABLE")
    with running_door(mesh, None) as address, grpc.insecure_channel(address) as channel, refused:
        ask(channel)


def test_it_believes_only_the_callee_that_it_means(mesh: SmallMesh) -> None:
    another = client_transport_socket(mesh.site, "door", "desk")
    refused = pytest.raises(grpc.RpcError, match="UNAVAILABLE")
    with running_door(mesh, another) as address, grpc.insecure_channel(address) as channel, refused:
        ask(channel)
