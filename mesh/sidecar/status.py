"""What a running sidecar reports about its configuration files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any

from mesh.platform import Address
from mesh.renderer.bootstrap import FILES_PAGE


@dataclass(frozen=True)
class Status:
    """The versions of the files in use, the number of rejected files, and whether all clusters are initialized."""

    versions: frozenset[str] = frozenset()
    rejected: int = 0
    is_warm: bool = False


def fetch_status(address: Address) -> Status:
    """Return the status of the sidecar at a status address; an empty one if it does not answer."""
    connection = HTTPConnection(address.host, address.port, timeout=2)
    try:
        connection.request("GET", FILES_PAGE)
        entries = json.loads(connection.getresponse().read())["stats"]
    except (OSError, HTTPException, ValueError):
        return Status()
    finally:
        connection.close()

    def values(suffix: str) -> list[Any]:
        return [entry["value"] for entry in entries if entry["name"].endswith(suffix)]

    return Status(
        versions=frozenset(str(version) for version in values("version_text")),
        rejected=sum(values("update_rejected")),
        is_warm=not any(values("warming_clusters")),
    )


def is_running(address: Address) -> bool:
    """Return whether a sidecar that has loaded its files answers at a status address."""
    return bool(fetch_status(address).versions)
