"""Golden cases: NAME.in.yaml contains resources, NAME.out/ the files of sidecars that they change.

All cases share platform.yaml and the resources of `only-mtls`, whose output is complete. `python -m mesh.tests.cases`
writes the outputs again; `git diff` then shows the effect of a change of the renderer.
"""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import TypeAdapter

from mesh.platform import Platform
from mesh.renderer import Files, render
from mesh.renderer.policies import Policies, load

FOLDER = Path(__file__).parent
BASE = "only-mtls"
NAMES = sorted(path.name.removesuffix(".in.yaml") for path in FOLDER.glob("*.in.yaml"))


def platform() -> Platform:
    """Return the platform of all cases."""
    return TypeAdapter(Platform).validate_python(yaml.safe_load((FOLDER / "platform.yaml").read_text()))


def policies(*files: Path) -> Policies:
    """Return the resources of the base case, changed by those of files."""
    found = load(FOLDER / f"{BASE}.in.yaml")
    for file in files:
        found = found.changed_by(load(file))
    return found


def rendered(name: str) -> dict[str, Files]:
    """Return the files of each sidecar in a case."""
    return render(policies(FOLDER / f"{name}.in.yaml"), platform())


def output(name: str) -> dict[str, object]:
    """Return the expected content of a case's folder, path -> document: only what differs from the base case."""
    found = _by_path(rendered(name))
    base = {} if name == BASE else _by_path(rendered(BASE))
    return {path: document for path, document in found.items() if base.get(path) != document}


def _by_path(sidecars: dict[str, Files]) -> dict[str, object]:
    return {
        f"{name}/{file}": document for name, files in sidecars.items() for file, document in files.items()
    }
