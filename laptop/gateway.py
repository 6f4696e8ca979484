"""The gateway's configuration: the one in gateway/, with this machine's addresses and files in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from laptop import sidecars, wheels
from laptop.environment import Market
from laptop.errors import LaptopError
from laptop.ports import HOST

ROOT = Path(__file__).resolve().parent.parent
IN_CONTAINER = "/etc/envoy/"
FILES = {
    "descriptors.pb": ROOT / "libs/contracts/src/nightmarket/descriptors.pb",
    "openapi.json": ROOT / "libs/contracts/openapi.json",
}
COLLECTOR = "OTEL_EXPORTER_OTLP_ENDPOINT"

Address = tuple[str, int]


def write_configuration(market: Market, caller: Mapping[str, str]) -> None:
    """Write the files that Envoy is started with. ``caller``, the environment, may name a collector."""
    folder = _folder(market)
    folder.mkdir(mode=0o700, exist_ok=True)
    for name, document in configuration(market, caller).items():
        market.home.write_private(folder / name, json.dumps(document, indent=1))


def configuration(market: Market, caller: Mapping[str, str]) -> dict[str, Any]:
    """Those files, by name. Raises `LaptopError` where what ``caller`` names as the collector is no address."""
    addresses = _addresses(market, caller.get(COLLECTOR, ""))
    found = {}
    for source in sorted((ROOT / "gateway").glob("*.yaml")):
        document = localised(yaml.safe_load(source.read_text()), addresses, _folder(market))
        if not caller.get(COLLECTOR):
            _switch_tracing_off(document)
        if market.mesh:
            sidecars.secure(market, document.get("static_resources", {}).get("clusters", []))
        found[source.name] = document
    return found


def server_command(market: Market) -> list[str]:
    """Envoy's command line. One worker thread serves more than a laptop's services can answer."""
    return [
        str(wheels.envoy()),
        "--config-path",
        str(_folder(market) / "envoy.yaml"),
        "--disable-hot-restart",
        "--concurrency",
        "1",
        "--log-level",
        "warn",
        "--file-flush-interval-msec",
        "1000",
    ]


def key_sets(market: Market) -> int:
    """How many sets of keys Envoy fetches, to check tokens with."""
    return (_folder(market) / "listener.yaml").read_text().count('"remote_jwks"')


def localised(node: Any, addresses: Mapping[Address, Address], folder: Path) -> Any:
    """A copy of the configuration with each address replaced by that of ``addresses``, each file by ours.

    Raises `LaptopError` naming an address that is not among them: a container's name means nothing here.
    """
    if isinstance(node, list):
        return [localised(child, addresses, folder) for child in node]
    if isinstance(node, str) and node.startswith(IN_CONTAINER):
        name = node.removeprefix(IN_CONTAINER)
        return str(FILES.get(name, folder / name))
    if not isinstance(node, dict):
        return node
    if "port_value" not in node:
        return {key: localised(child, addresses, folder) for key, child in node.items()}
    address = (node["address"], node["port_value"])
    if address not in addresses:
        raise LaptopError(f"gateway/ names {address[0]}:{address[1]}, which laptop/gateway.py does not know.")
    host, port = addresses[address]
    return {**node, "address": host, "port_value": port}


def _folder(market: Market) -> Path:
    return market.home.run / "gateway"


def _addresses(market: Market, collector: str) -> dict[Address, Address]:
    try:
        endpoint = urlsplit(collector)
        telemetry = (endpoint.hostname or HOST, endpoint.port or 4318)
    except ValueError:
        raise LaptopError(f"{COLLECTOR} is not an address: {collector}", exit_code=2) from None
    return {
        ("0.0.0.0", 8080): (HOST, market.ports.gateway),  # noqa: S104 - what the containers' file says
        ("0.0.0.0", 9902): (HOST, market.ports.gateway_metrics),  # noqa: S104 - likewise
        (HOST, 9901): (HOST, market.ports.gateway_admin),
        ("otel-collector", 4318): telemetry,
        **{(service.name, 8000): (HOST, market.port(service.name, "gateway")) for service in market.services},
    }


def _switch_tracing_off(document: Any) -> None:
    for layer in document.get("layered_runtime", {}).get("layers", []):
        if "tracing" in layer.get("static_layer", {}):
            layer["static_layer"]["tracing"]["global_enabled"] = 0
