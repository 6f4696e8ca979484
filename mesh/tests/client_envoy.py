"""An Envoy that is not a sidecar and calls services of a mesh. Headers choose the caller's identity and the callee."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from laptop import binaries
from laptop.ephemeral import Server, free_port, running, temporary_folder
from mesh.platform import Address, Platform
from mesh.renderer import client_files, tls
from mesh.renderer.documents import endpoints, socket, to_yaml
from mesh.sidecar.files import write
from mesh.tests.small_mesh import HOST, is_ready
from topology import Protocol

CALLER, CALLEE = "x-caller", "x-callee"  # headers
PLAINTEXT = "-"
_FILTERS = "type.googleapis.com/envoy.extensions.filters."
_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


@contextmanager
def running_client(
    platform: Platform, accounts: Sequence[str], expected: str = "", *, watches: bool = True
) -> Iterator[str]:
    """Run an Envoy that calls any service as any of these accounts. Yields its address.

    `expected` is the service whose identity it expects of every callee, by default the callee's own; `PLAINTEXT` for
    calls without TLS. If it does not watch, it reads keys and certificates once: each watched file takes one of the
    system's inotify instances, and all accounts together would take too many.
    """
    for account in accounts:
        write(Path(platform.folder) / account, client_files(platform, account))
    port, admin = free_port(), free_port()
    with temporary_folder("market-mesh-") as folder:
        config = _configuration(platform, accounts, expected, watches, port, admin)
        (folder / "client.yaml").write_text(to_yaml(config))
        server = Server(
            command=[
                str(binaries.envoy()),
                "-c",
                "client.yaml",
                "--disable-hot-restart",
                "--concurrency",
                "1",
            ],
            folder=folder,
            is_ready=lambda: is_ready(f"http://{HOST}:{admin}/ready"),
            stop_signal=signal.SIGTERM,
            identity={},
        )
        with running(server):
            yield f"{HOST}:{port}"


def _configuration(
    platform: Platform, accounts: Sequence[str], expected: str, watches: bool, port: int, admin: int
) -> dict[str, Any]:
    services = list(dict.fromkeys(workload.service for workload in platform.workloads if workload.inbound))
    pairs = [(account, service) for account in accounts for service in services]
    manager = {
        "@type": f"{_FILTERS}network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "client",
        "http_filters": [
            {"name": "router", "typed_config": {"@type": f"{_FILTERS}http.router.v3.Router"}},
        ],
        "route_config": {
            "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [_route(*pair) for pair in pairs]}]
        },
    }
    chain = {"filters": [{"name": "http", "typed_config": manager}]}
    return {
        "node": {"id": "client", "cluster": "client"},
        "admin": {"address": socket(Address(HOST, admin))},
        "static_resources": {
            "listeners": [{"address": socket(Address(HOST, port)), "filter_chains": [chain]}],
            "clusters": [
                _cluster(platform, account, service, expected, watches) for account, service in pairs
            ],
        },
    }


def _route(account: str, service: str) -> dict[str, Any]:
    headers = [
        {"name": name, "string_match": {"exact": value}}
        for name, value in ((CALLER, account), (CALLEE, service))
    ]
    return {"match": {"prefix": "/", "headers": headers}, "route": {"cluster": f"{account}-{service}"}}


def _cluster(platform: Platform, account: str, service: str, expected: str, watches: bool) -> dict[str, Any]:
    callee = platform.instances(service)[0]
    assert callee.inbound is not None
    protocol = "http2_protocol_options" if callee.protocol is Protocol.GRPC else "http_protocol_options"
    options = {"@type": f"type.googleapis.com/{_OPTIONS}", "explicit_http_config": {protocol: {}}}
    name = f"{account}-{service}"
    cluster = {
        "name": name,
        "load_assignment": endpoints(name, callee.inbound),
        "typed_extension_protocol_options": {_OPTIONS: options},
    }
    if expected != PLAINTEXT:
        transport = tls.outbound(platform, account, expected or service)
        if not watches:
            _read_once(transport, f"{platform.certificates}/{account}/current")
        cluster["transport_socket"] = transport
    return cluster


def _read_once(transport: dict[str, Any], folder: str) -> None:
    """Replace the secrets that Envoy watches by files that it reads when it starts."""
    context = transport["typed_config"]["common_tls_context"]
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
