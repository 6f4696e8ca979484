"""A sidecar's configuration as one file: `envoy --mode validate` looks into no other."""

from __future__ import annotations

import copy
import json
import subprocess
from pathlib import Path
from typing import Any

from laptop import binaries
from mesh.certificates import renew
from mesh.render import Files
from mesh.site import Site


def refusal(site: Site, files: Files, folder: Path) -> str:
    """What Envoy says against a sidecar's files, routes to clusters that are not there included; else nothing."""
    renew(folder, {account: site.identity(account) for account in site.accounts})
    file = folder / "whole.yaml"
    file.write_text(json.dumps(_whole(files)).replace(site.certificates, str(folder)))
    command = [
        str(binaries.envoy()),
        "--mode",
        "validate",
        "--config-path",
        str(file),
        "--log-level",
        "error",
    ]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return answer.stderr.strip() if answer.returncode else ""


def _whole(files: Files) -> dict[str, Any]:
    bootstrap = copy.deepcopy(files["envoy.yaml"])
    del bootstrap["dynamic_resources"]
    static = bootstrap["static_resources"]
    static["listeners"] += [_with_routes(each, files) for each in _of(files, "listeners.yaml")]
    static["clusters"] += _of(files, "clusters.yaml")
    static["secrets"] = [each for name in files if name.startswith("secret-") for each in _of(files, name)]
    return _without_sources(bootstrap)


def _of(files: Files, name: str) -> list[dict[str, Any]]:
    return [
        {key: value for key, value in each.items() if key != "@type"}
        for each in copy.deepcopy(files[name])["resources"]
    ]


def _with_routes(listener: dict[str, Any], files: Files) -> dict[str, Any]:
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    name = manager.pop("rds")["route_config_name"]
    (routes,) = _of(files, f"routes-{name}.yaml")
    manager["route_config"] = {**routes, "validate_clusters": True}
    return listener


def _without_sources(node: Any) -> Any:
    """Without the files that secrets come from: these are in the same document."""
    if isinstance(node, list):
        return [_without_sources(each) for each in node]
    if isinstance(node, dict):
        return {key: _without_sources(each) for key, each in node.items() if key != "sds_config"}
    return node
