"""The gateway's configuration: the files of gateway/, with the addresses and paths of this machine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from laptop import LaptopError, binaries, sidecars
from laptop.ports import HOST
from laptop.stack import Stack

ROOT = Path(__file__).resolve().parent.parent
IN_CONTAINER = "/etc/envoy/"
FILES = {
    "descriptors.pb": ROOT / "libs/contracts/src/nightmarket/descriptors.pb",
    "openapi.json": ROOT / "libs/contracts/openapi.json",
}
COLLECTOR = "OTEL_EXPORTER_OTLP_ENDPOINT"

Address = tuple[str, int]


def write_configuration(stack: Stack, caller: Mapping[str, str]) -> None:
    """Write the files that Envoy starts with. ``caller`` is the caller's environment, which may name a collector."""
    folder = _folder(stack)
    folder.mkdir(mode=0o700, exist_ok=True)
    for name, document in configuration(stack, caller).items():
        stack.state_dir.write_private(folder / name, json.dumps(document, indent=1))


def configuration(stack: Stack, caller: Mapping[str, str]) -> dict[str, Any]:
    """Return these files by name. Raises `LaptopError` if the collector that ``caller`` names is not an address."""
    addresses = _addresses(stack, caller.get(COLLECTOR, ""))
    found = {}
    for source in sorted((ROOT / "gateway").glob("*.yaml")):
        document = localized(yaml.safe_load(source.read_text()), addresses, _folder(stack))
        if not caller.get(COLLECTOR):
            _disable_tracing(document)
        if stack.mesh:
            sidecars.secure(stack, document.get("static_resources", {}).get("clusters", []))
        found[source.name] = document
    return found


def server_command(stack: Stack) -> list[str]:
    """Return Envoy's command line. One worker thread can serve more requests than the services of a laptop."""
    return [
        str(binaries.envoy()),
        "--config-path",
        str(_folder(stack) / "envoy.yaml"),
        "--disable-hot-restart",
        "--concurrency",
        "1",
        "--log-level",
        "warn",
        "--file-flush-interval-msec",
        "1000",
    ]


def key_sets(stack: Stack) -> int:
    """Return how many JSON Web Key Sets Envoy fetches to validate tokens."""
    return (_folder(stack) / "listener.yaml").read_text().count('"remote_jwks"')


def localized(node: Any, addresses: Mapping[Address, Address], folder: Path) -> Any:
    """Return a copy of the configuration with each address replaced by ``addresses``, each path by a local one.

    Raises `LaptopError` for an address without replacement, because a container's name does not resolve here.
    """
    if isinstance(node, list):
        return [localized(child, addresses, folder) for child in node]
    if isinstance(node, str) and node.startswith(IN_CONTAINER):
        name = node.removeprefix(IN_CONTAINER)
        return str(FILES.get(name, folder / name))
    if not isinstance(node, dict):
        return node
    if "port_value" not in node:
        return {key: localized(child, addresses, folder) for key, child in node.items()}
    address = (node["address"], node["port_value"])
    if address not in addresses:
        raise LaptopError(
            f"laptop/gateway.py has no replacement for the address {address[0]}:{address[1]} in gateway/."
        )
    host, port = addresses[address]
    return {**node, "address": host, "port_value": port}


def _folder(stack: Stack) -> Path:
    return stack.state_dir.run / "gateway"


def _addresses(stack: Stack, collector: str) -> dict[Address, Address]:
    try:
        endpoint = urlsplit(collector)
        telemetry = (endpoint.hostname or HOST, endpoint.port or 4318)
    except ValueError:
        raise LaptopError(f"{COLLECTOR} is not an address: {collector}", exit_code=2) from None
    return {
        ("0.0.0.0", 8080): (HOST, stack.ports.gateway),  # noqa: S104 - what the file for containers says
        ("0.0.0.0", 9902): (HOST, stack.ports.gateway_metrics),  # noqa: S104 - see above
        (HOST, 9901): (HOST, stack.ports.gateway_admin),
        ("otel-collector", 4318): telemetry,
        **{(service.name, 8000): (HOST, stack.port(service.name, "gateway")) for service in stack.services},
    }


def _disable_tracing(document: Any) -> None:
    for layer in document.get("layered_runtime", {}).get("layers", []):
        if "tracing" in layer.get("static_layer", {}):
            layer["static_layer"]["tracing"]["global_enabled"] = 0
