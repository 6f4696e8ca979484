"""The words that all of Envoy's documents share."""

from __future__ import annotations

from typing import Any

from mesh.site import Address
from mesh.traffic import Percentage

Document = dict[str, Any]
_EXTENSIONS = "envoy.extensions."


def typed(kind: str, **fields: Any) -> Document:
    """A message that says what it is; `kind` is its full name, or what follows `envoy.extensions.`."""
    name = kind if kind.startswith("envoy.config.") else _EXTENSIONS + kind
    return {"@type": f"type.googleapis.com/{name}", **fields}


def resources(*parts: Document) -> Document:
    """A file that Envoy watches."""
    return {"resources": list(parts)}


def socket(address: Address) -> Document:
    """A place to listen or to call."""
    return {"socket_address": {"address": address.host, "port_value": address.port}}


def endpoints(cluster: str, *addresses: Address) -> Document:
    """Where a cluster's instances are."""
    found = [{"endpoint": {"address": socket(address)}} for address in addresses]
    return {"cluster_name": cluster, "endpoints": [{"lb_endpoints": found}]}


def file_source(path: str, folder: str) -> Document:
    """A file that is read again whenever something is moved into its folder."""
    watched = {"path": path, "watched_directory": {"path": folder}}
    return {"resource_api_version": "V3", "path_config_source": watched}


def share(percentage: Percentage) -> Document:
    """A share of the requests, to a ten-thousandth of one per cent."""
    return {"numerator": round(percentage.value * 10_000), "denominator": "MILLION"}
