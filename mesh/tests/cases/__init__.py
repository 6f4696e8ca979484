"""Pairs of what goes in and what comes out: NAME.in.yaml holds resources, NAME.out/ what they change.

All share site.yaml, and the resources of `nothing-but-tls`, whose output is whole. `python -m mesh.tests.cases` writes
the outputs anew, for `git diff` to show what a change of the renderer does.
"""

from __future__ import annotations

from pathlib import Path

import yaml

from mesh.decode import decode
from mesh.policies import Policies, load
from mesh.render import Files, render
from mesh.site import Site

FOLDER = Path(__file__).parent
BASE = "nothing-but-tls"
NAMES = sorted(path.name.removesuffix(".in.yaml") for path in FOLDER.glob("*.in.yaml"))


def site() -> Site:
    """The site of all cases."""

    def report(problem: str) -> None:
        raise AssertionError(problem)

    found = decode(Site, yaml.safe_load((FOLDER / "site.yaml").read_text()), "site", report)
    assert isinstance(found, Site)
    return found


def policies(*files: Path) -> Policies:
    """The resources of the base, changed by those of files."""
    found = load(FOLDER / f"{BASE}.in.yaml")
    for file in files:
        found = found.changed_by(load(file))
    return found


def rendered(name: str) -> dict[str, Files]:
    """What each sidecar gets in a case."""
    return render(policies(FOLDER / f"{name}.in.yaml"), site())


def output(name: str) -> dict[str, object]:
    """What the case's folder must hold: path -> document; only what differs from the base."""
    found = _flat(rendered(name))
    base = {} if name == BASE else _flat(rendered(BASE))
    return {path: document for path, document in found.items() if base.get(path) != document}


def _flat(sidecars: dict[str, Files]) -> dict[str, object]:
    return {
        f"{name}/{file}": document for name, files in sidecars.items() for file, document in files.items()
    }
