"""Changing the policies of a market that runs: applied at once to every sidecar, or refused and nothing changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from laptop import closing, sidecars
from laptop.errors import LaptopError
from laptop.home import Home
from mesh.changes import RunningMesh
from mesh.errors import MeshError, NotTakenUp


def apply(home: Home, file: Path) -> str:
    """Apply the resources of a file, as `kubectl apply` would, and give what has changed, for people.

    Raises `LaptopError`, one line for each problem, where the policies would make no sense with it or a sidecar does
    not take them up: then all is as it was.
    """
    with _running(home) as mesh:
        return mesh.apply(file)


def remove(home: Home, name: str) -> str:
    """Take back what was applied from a file of this name, "" for all, and give what has changed, for people.

    Raises `LaptopError` where nothing of that name was applied.
    """
    with _running(home) as mesh:
        return mesh.remove(name)


@contextmanager
def _running(home: Home) -> Iterator[RunningMesh]:
    with home.locked():
        market, _ = closing.required(home)
        if not market.mesh:
            raise LaptopError("The market runs without sidecars. With them: make down up MESH=1", exit_code=3)
        rendered = partial(sidecars.rendered, market)
        try:
            yield RunningMesh(sidecars.site(market), market.home.mesh_changes, rendered)
        except NotTakenUp as error:
            raise LaptopError(str(error)) from None
        except MeshError as error:
            raise LaptopError(str(error), exit_code=2) from None
