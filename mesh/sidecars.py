"""Running sidecars: their files, put where Envoy watches them, and the command that starts one."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import yaml

from mesh.errors import NotTakenUp
from mesh.render import BOOTSTRAP, Files
from mesh.render.bootstrap import CLUSTERS, FILES_PAGE
from mesh.render.types import Document
from mesh.site import Address

_VERSION = "version_info"
_POLL_SECONDS = 0.05  # an answer takes a sidecar milliseconds
_DRAIN_SECONDS = "5"  # what a connection of a listener that has changed still gets
# libyaml's where they are there: ten times as fast.
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Plain(_DUMPER):
    """Writes what is used twice twice, so that each place reads by itself."""

    def ignore_aliases(self, data: object) -> bool:
        """Always."""
        return True


def text(document: Any) -> str:
    """A document as people read it, and as Envoy does."""
    return yaml.dump(document, Dumper=_Plain, default_flow_style=None, sort_keys=False, width=110)


def write(folder: Path, files: Files) -> tuple[str, ...]:
    """Puts a sidecar's files into its folder, each in one step, before it starts; names those that have changed."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    changed = _changed(folder, files)
    for name in changed:
        _move(folder / name, text(_versioned(files[name])))
    for left in sorted(folder.glob("*.yaml")):
        if left.name not in files:
            left.unlink()
    return changed


def read(folder: Path) -> Files:
    """What `write` put there."""
    found = {path.name: _document(path) for path in sorted(folder.glob("*.yaml"))}
    return {name: {k: v for k, v in document.items() if k != _VERSION} for name, document in found.items()}


def update(folder: Path, files: Files, statistics: Address, seconds: float = 10.0) -> tuple[str, ...]:
    """The same for a sidecar that runs, without a request lost: names the changed files once it uses them.

    Clusters come before the routes that name them, and go after those. Raises NotTakenUp where the sidecar, which tells
    of itself at `statistics`, refuses a file or does not take it up in time; a file that it refuses changes nothing.
    """
    changed = _changed(folder, files)
    if CLUSTERS in changed:
        _move_and_wait(folder, {CLUSTERS: _both(folder / CLUSTERS, files[CLUSTERS])}, statistics, seconds)
    others = {name: files[name] for name in changed if name not in (CLUSTERS, BOOTSTRAP)}
    _move_and_wait(folder, others, statistics, seconds)
    if CLUSTERS in changed:
        _move_and_wait(folder, {CLUSTERS: files[CLUSTERS]}, statistics, seconds)
    if changed:
        write(folder, files)
    return changed


def put(folder: Path, files: Files, statistics: Address) -> tuple[str, ...]:
    """`update` where the sidecar runs, else `write`."""
    if answers(statistics):
        return update(folder, files, statistics)
    return write(folder, files)


def answers(statistics: Address) -> bool:
    """Whether the sidecar runs that tells of itself there."""
    return bool(_state(statistics).in_use)


def _changed(folder: Path, files: Files) -> tuple[str, ...]:
    return tuple(
        name for name, document in files.items() if _content(folder / name) != text(_versioned(document))
    )


def _move_and_wait(folder: Path, files: Files, statistics: Address, seconds: float) -> None:
    if not files:
        return
    deadline = time.monotonic() + seconds
    before = _state(statistics)
    for name, document in files.items():
        _move(folder / name, text(_versioned(document)))
    wanted = {name: _versioned(document)[_VERSION] for name, document in files.items()}
    while True:
        now = _state(statistics)
        missing = [name for name, version in wanted.items() if version not in now.in_use]
        if not missing and now.is_warm:
            return
        if missing and now.refused > before.refused:
            raise NotTakenUp([f"the sidecar of {folder.name} refuses {', '.join(missing)}; its log says why"])
        if time.monotonic() > deadline:
            names = ", ".join(missing or wanted)
            raise NotTakenUp([f"the sidecar of {folder.name} does not take up {names} in {seconds:g} s"])
        time.sleep(_POLL_SECONDS)


@dataclass(frozen=True)
class _State:
    """What a sidecar says: the versions of the files in use, how many it refused, whether its clusters are ready."""

    in_use: frozenset[str] = frozenset()
    refused: int = 0
    is_warm: bool = False


def _state(statistics: Address) -> _State:
    """That of one that does not answer, too."""
    connection = HTTPConnection(statistics.host, statistics.port, timeout=2)
    try:
        connection.request("GET", FILES_PAGE)
        entries = json.loads(connection.getresponse().read())["stats"]
    except (OSError, HTTPException, ValueError):
        return _State()
    finally:
        connection.close()

    def values(ending: str) -> list[Any]:
        return [entry["value"] for entry in entries if entry["name"].endswith(ending)]

    return _State(
        in_use=frozenset(str(version) for version in values("version_text")),
        refused=sum(values("update_rejected")),
        is_warm=not any(values("warming_clusters")),
    )


def _versioned(document: Document) -> Document:
    """With a version, which Envoy's statistics name once it is in use."""
    if "resources" not in document:
        return document
    return {_VERSION: hashlib.sha256(json.dumps(document).encode()).hexdigest()[:12], **document}


def command(envoy: Path, folder: Path, flush_milliseconds: int = 1000) -> list[str]:
    """The command line of the sidecar whose files are in a folder; how often it writes its log."""
    return [
        str(envoy),
        "--config-path",
        str(folder / BOOTSTRAP),
        "--disable-hot-restart",
        "--reject-unknown-dynamic-fields",
        "--concurrency",
        "1",
        "--drain-time-s",
        _DRAIN_SECONDS,
        "--drain-strategy",
        "immediate",
        "--log-level",
        "warn",
        "--file-flush-interval-msec",
        str(flush_milliseconds),
    ]


def _both(path: Path, wanted: Document) -> Document:
    old = _document(path) or {"resources": []}
    names = {resource["name"] for resource in wanted["resources"]}
    gone = [resource for resource in old["resources"] if resource["name"] not in names]
    return {"resources": [*wanted["resources"], *gone]}


def _document(path: Path) -> Any:
    return yaml.load(_content(path), _LOADER)  # noqa: S506 - both are safe


def _content(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _move(path: Path, content: str) -> None:
    new = path.with_name(f".{path.name}.new")
    new.write_text(content, encoding="utf-8")
    new.replace(path)
