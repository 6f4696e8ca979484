"""The configuration files of a sidecar: written before it starts, or updated while it runs."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from typing import Any

from mesh.errors import ConfigRejected
from mesh.platform import Address
from mesh.renderer import BOOTSTRAP, Files
from mesh.renderer.bootstrap import CLUSTERS
from mesh.renderer.documents import Document, from_yaml, to_yaml
from mesh.sidecar.status import fetch_status, is_running

_VERSION = "version_info"
_POLL_SECONDS = 0.05  # a sidecar answers within milliseconds


def write(folder: Path, files: Files) -> tuple[str, ...]:
    """Write a sidecar's files into its folder, and return the names of those that changed.

    Each file is replaced atomically. Files that are no longer part of the configuration are deleted.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    changed = _changed(folder, files)
    for name in changed:
        _replace(folder / name, to_yaml(_with_version(files[name])))
    for path in sorted(folder.glob("*.yaml")):
        if path.name not in files:
            path.unlink()
    return changed


def read(folder: Path) -> Files:
    """Return the files that `write` wrote."""
    documents = {path.name: _document(path) for path in sorted(folder.glob("*.yaml"))}
    return {
        name: {k: v for k, v in document.items() if k != _VERSION} for name, document in documents.items()
    }


def update(folder: Path, files: Files, status_address: Address, timeout: float = 10.0) -> tuple[str, ...]:
    """Update the files of a running sidecar without a failed request, and return the names of those that changed.

    Returns once the sidecar uses them. Raises ConfigRejected if it rejects a file, or does not load it in time; a
    rejected file has no effect. `envoy.yaml` is written too, but Envoy reads it only when it starts.
    """
    changed = _changed(folder, files)
    # A route must never name a cluster that is missing. So new clusters are added before the routes change, and old
    # ones are removed after that.
    if CLUSTERS in changed:
        both = _with_old_clusters(folder / CLUSTERS, files[CLUSTERS])
        _replace_and_wait(folder, {CLUSTERS: both}, status_address, timeout)
    others = {name: files[name] for name in changed if name not in (CLUSTERS, BOOTSTRAP)}
    _replace_and_wait(folder, others, status_address, timeout)
    if CLUSTERS in changed:
        _replace_and_wait(folder, {CLUSTERS: files[CLUSTERS]}, status_address, timeout)
    if changed:
        write(folder, files)
    return changed


def write_or_update(folder: Path, files: Files, status_address: Address) -> tuple[str, ...]:
    """Call `update` if the sidecar is running, else `write`."""
    if is_running(status_address):
        return update(folder, files, status_address)
    return write(folder, files)


def _changed(folder: Path, files: Files) -> tuple[str, ...]:
    return tuple(
        name
        for name, document in files.items()
        if _content(folder / name) != to_yaml(_with_version(document))
    )


def _replace_and_wait(folder: Path, files: Files, status_address: Address, timeout: float) -> None:
    """Replace files and wait until the sidecar uses them."""
    if not files:
        return
    deadline = time.monotonic() + timeout
    before = fetch_status(status_address)
    for name, document in files.items():
        _replace(folder / name, to_yaml(_with_version(document)))
    versions = {name: _with_version(document)[_VERSION] for name, document in files.items()}
    while True:
        now = fetch_status(status_address)
        missing = [name for name, version in versions.items() if version not in now.versions]
        if not missing and now.is_warm:
            return
        if missing and now.rejected > before.rejected:
            raise ConfigRejected(
                [f"the sidecar of {folder.name} rejects {', '.join(missing)}; its log says why"]
            )
        if time.monotonic() > deadline:
            names = ", ".join(missing or versions)
            raise ConfigRejected([f"the sidecar of {folder.name} did not load {names} within {timeout:g} s"])
        time.sleep(_POLL_SECONDS)


def _with_version(document: Document) -> Document:
    """Add a version, which Envoy reports in its statistics once the file is in use."""
    if "resources" not in document:
        return document
    return {_VERSION: hashlib.sha256(json.dumps(document).encode()).hexdigest()[:12], **document}


def _with_old_clusters(path: Path, new: Document) -> Document:
    old = _document(path) or {"resources": []}
    names = {resource["name"] for resource in new["resources"]}
    removed = [resource for resource in old["resources"] if resource["name"] not in names]
    return {"resources": [*new["resources"], *removed]}


def _document(path: Path) -> Any:
    return from_yaml(_content(path))


def _content(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _replace(path: Path, content: str) -> None:
    """Replace a file by moving a complete one into its place, which is what Envoy watches for."""
    new = path.with_name(f".{path.name}.new")
    new.write_text(content, encoding="utf-8")
    new.replace(path)
