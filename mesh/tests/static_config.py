"""A sidecar's configuration as one file, because `envoy --mode validate` reads only one."""

from __future__ import annotations

import copy
import json
import subprocess
from pathlib import Path
from typing import Any

from laptop import binaries
from mesh.agent.certificates import renew
from mesh.platform import Platform
from mesh.renderer import Files


def validation_error(platform: Platform, files: Files, folder: Path) -> str:
    """Return Envoy's error message about a sidecar's files; "" if it accepts them.

    Envoy also rejects routes to clusters that do not exist.
    """
    renew(folder, platform.identities)
    file = folder / "static.yaml"
    file.write_text(json.dumps(_static(files)).replace(platform.certificates, str(folder)))
    command = [
        str(binaries.envoy()),
        "--mode",
        "validate",
        "--config-path",
        str(file),
        "--log-level",
        "error",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stderr.strip() if done.returncode else ""


def _static(files: Files) -> dict[str, Any]:
    bootstrap = copy.deepcopy(files["envoy.yaml"])
    del bootstrap["dynamic_resources"]
    static = bootstrap["static_resources"]
    static["listeners"] += [_with_routes(each, files) for each in _resources(files, "listeners.yaml")]
    static["clusters"] += _resources(files, "clusters.yaml")
    static["secrets"] = [
        each for name in files if name.startswith("secret-") for each in _resources(files, name)
    ]
    return _without_sources(bootstrap)


def _resources(files: Files, name: str) -> list[dict[str, Any]]:
    return [
        {key: value for key, value in each.items() if key != "@type"}
        for each in copy.deepcopy(files[name])["resources"]
    ]


def _with_routes(listener: dict[str, Any], files: Files) -> dict[str, Any]:
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    name = manager.pop("rds")["route_config_name"]
    (routes,) = _resources(files, f"routes-{name}.yaml")
    manager["route_config"] = {**routes, "validate_clusters": True}
    return listener


def _without_sources(node: Any) -> Any:
    """Remove the references to secret files, because the secrets are in the same document."""
    if isinstance(node, list):
        return [_without_sources(each) for each in node]
    if isinstance(node, dict):
        return {key: _without_sources(each) for key, each in node.items() if key != "sds_config"}
    return node
