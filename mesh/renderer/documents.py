"""Envoy's configuration documents: their building blocks, and their form as YAML."""

from __future__ import annotations

from typing import Any

import yaml

from mesh.platform import Address
from mesh.renderer.traffic import Percentage

Document = dict[str, Any]
_EXTENSIONS = "envoy.extensions."
# libyaml is ten times as fast as the Python implementation, but not every platform has it.
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def typed(message: str, **fields: Any) -> Document:
    """Return a message with its type. `message` is the full name, or the part that follows `envoy.extensions.`."""
    name = message if message.startswith("envoy.config.") else _EXTENSIONS + message
    return {"@type": f"type.googleapis.com/{name}", **fields}


def resources(*parts: Document) -> Document:
    """Return the content of a file that Envoy watches."""
    return {"resources": list(parts)}


def socket(address: Address) -> Document:
    """Return an address to listen at or to connect to."""
    return {"socket_address": {"address": address.host, "port_value": address.port}}


def endpoints(cluster: str, *addresses: Address) -> Document:
    """Return the endpoints of a cluster."""
    found = [{"endpoint": {"address": socket(address)}} for address in addresses]
    return {"cluster_name": cluster, "endpoints": [{"lb_endpoints": found}]}


def file_source(path: str, folder: str) -> Document:
    """Return a configuration source that Envoy reads again each time a file is moved into the folder."""
    watched = {"path": path, "watched_directory": {"path": folder}}
    return {"resource_api_version": "V3", "path_config_source": watched}


def fraction(percentage: Percentage) -> Document:
    """Return a share of the requests, exact to 0.0001 percent."""
    return {"numerator": round(percentage.value * 10_000), "denominator": "MILLION"}


class _DumperWithoutAliases(_DUMPER):
    """Writes a value in full each time it is used, so that each part of a file reads without the rest."""

    def ignore_aliases(self, data: object) -> bool:
        """Return True."""
        return True


def to_yaml(document: Any) -> str:
    """Return a document as YAML, in a format that people and Envoy read."""
    return yaml.dump(
        document, Dumper=_DumperWithoutAliases, default_flow_style=None, sort_keys=False, width=110
    )


def from_yaml(text: str) -> Any:
    """Return the document of a text; None if the text is empty."""
    return yaml.load(text, _LOADER)  # noqa: S506 - both loaders are safe
