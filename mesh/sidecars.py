"""Running sidecars: their files, put where Envoy watches them, and the command that starts one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from mesh.render import BOOTSTRAP, Files
from mesh.render.bootstrap import CLUSTERS

_DRAIN_SECONDS = "5"  # what a connection of a listener that has changed still gets
# libyaml's dumper where it is there: ten times as fast.
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Plain(_DUMPER):  # type: ignore[misc]
    """Writes what is used twice twice, so that each place reads by itself."""

    def ignore_aliases(self, data: object) -> bool:
        """Always."""
        return True


def text(document: Any) -> str:
    """A document as people read it, and as Envoy does."""
    return yaml.dump(document, Dumper=_Plain, sort_keys=False, width=120)


def write(folder: Path, files: Files) -> tuple[str, ...]:
    """Puts a sidecar's files into its folder, each in one step; names those that have changed.

    A running Envoy takes them up within a second and loses no request: clusters come before the routes that name
    them, and go after those. A file that Envoy refuses changes nothing; its log and `update_rejected` tell.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = {name: text(document) for name, document in files.items()}
    changed = [name for name in new if _content(folder / name) != new[name]]
    if CLUSTERS in changed:
        _move(folder / CLUSTERS, text(_both(folder / CLUSTERS, files[CLUSTERS])))
    for name in sorted(changed, key=lambda name: (name == CLUSTERS, name == BOOTSTRAP)):
        _move(folder / name, new[name])
    for left in sorted(folder.glob("*.yaml")):
        if left.name not in files:
            left.unlink()
    return tuple(changed)


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


def _both(path: Path, wanted: Mapping[str, Any]) -> Mapping[str, Any]:
    old = yaml.safe_load(_content(path)) or {"resources": []}
    names = {resource["name"] for resource in wanted["resources"]}
    gone = [resource for resource in old["resources"] if resource["name"] not in names]
    return {"resources": [*wanted["resources"], *gone]}


def _content(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _move(path: Path, content: str) -> None:
    new = path.with_name(f".{path.name}.new")
    new.write_text(content, encoding="utf-8")
    new.replace(path)
