"""An Envoy that is no sidecar and calls into a mesh, under whichever identity a caller asks for by two headers."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from laptop import binaries
from laptop.ephemeral import Server, free_port, running, temporary_folder
from mesh import sidecars
from mesh.render import client_files, client_transport_socket
from mesh.render.types import endpoints, socket
from mesh.site import Address, Protocol, Site
from mesh.tests.small_mesh import HOST, answers

AS, TO = "x-as", "x-to"  # who calls, and whom
_FILTERS = "type.googleapis.com/envoy.extensions.filters."
_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


@contextmanager
def running_door(
    site: Site, accounts: Sequence[str], believed: str = "", *, watching: bool = True
) -> Iterator[str]:
    """Runs an Envoy that calls any service as any of these accounts; its address.

    `believed` is whose identity it expects of everybody it calls, in the place of their own; `-` for plaintext.
    One that is not `watching` reads keys and certificates once: each file that an Envoy watches takes one of the
    system's few watchers, and with all accounts at once they would not do.
    """
    for account in accounts:
        sidecars.write(Path(site.folder) / account, client_files(site, account))
    port, admin = free_port(), free_port()
    with temporary_folder("market-mesh-") as folder:
        (folder / "door.yaml").write_text(
            sidecars.text(_configuration(site, accounts, believed, watching, port, admin))
        )
        server = Server(
            command=[str(binaries.envoy()), "-c", "door.yaml", "--disable-hot-restart", "--concurrency", "1"],
            folder=folder,
            is_ready=lambda: answers(f"http://{HOST}:{admin}/ready"),
            stop_signal=signal.SIGTERM,
            identity={},
        )
        with running(server):
            yield f"{HOST}:{port}"


def _configuration(
    site: Site, accounts: Sequence[str], believed: str, watching: bool, port: int, admin: int
) -> dict[str, Any]:
    services = list(dict.fromkeys(workload.service for workload in site.workloads if workload.inbound))
    pairs = [(account, service) for account in accounts for service in services]
    manager = {
        "@type": f"{_FILTERS}network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "door",
        "http_filters": [
            {"name": "router", "typed_config": {"@type": f"{_FILTERS}http.router.v3.Router"}},
        ],
        "route_config": {
            "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [_route(*pair) for pair in pairs]}]
        },
    }
    chain = {"filters": [{"name": "http", "typed_config": manager}]}
    return {
        "node": {"id": "door", "cluster": "door"},
        "admin": {"address": socket(Address(HOST, admin))},
        "static_resources": {
            "listeners": [{"address": socket(Address(HOST, port)), "filter_chains": [chain]}],
            "clusters": [_cluster(site, account, service, believed, watching) for account, service in pairs],
        },
    }


def _route(account: str, service: str) -> dict[str, Any]:
    wanted = {AS: account, TO: service}
    headers = [{"name": name, "string_match": {"exact": value}} for name, value in wanted.items()]
    return {"match": {"prefix": "/", "headers": headers}, "route": {"cluster": f"{account}-{service}"}}


def _cluster(site: Site, account: str, service: str, believed: str, watching: bool) -> dict[str, Any]:
    callee = site.instances(service)[0]
    assert callee.inbound is not None
    speaks = "http2_protocol_options" if callee.protocol is Protocol.GRPC else "http_protocol_options"
    options = {"@type": f"type.googleapis.com/{_OPTIONS}", "explicit_http_config": {speaks: {}}}
    secure = (
        {"transport_socket": client_transport_socket(site, account, believed or service)}
        if believed != "-"
        else {}
    )
    if secure and not watching:
        _unwatched(secure["transport_socket"], f"{site.certificates}/{account}/current")
    name = f"{account}-{service}"
    found = endpoints(name, callee.inbound)
    return {
        "name": name,
        "load_assignment": found,
        "typed_extension_protocol_options": {_OPTIONS: options},
        **secure,
    }


def _unwatched(socket: dict[str, Any], folder: str) -> None:
    """The same with files that are read once."""
    context = socket["typed_config"]["common_tls_context"]
    del context["tls_certificate_sds_secret_configs"]
    context["tls_certificates"] = [
        {
            "certificate_chain": {"filename": f"{folder}/chain.pem"},
            "private_key": {"filename": f"{folder}/key.pem"},
        }
    ]
    combined = context.pop("combined_validation_context")
    trusted = {"trusted_ca": {"filename": f"{folder}/authorities.pem"}}
    context["validation_context"] = {**combined["default_validation_context"], **trusted}
