"""Changing the policies of a market that runs: applied at once to every sidecar, or refused and nothing changed."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from laptop import closing, sidecars
from laptop.environment import Market
from laptop.errors import LaptopError
from laptop.home import Home
from mesh.errors import MeshError
from mesh.sidecars import update


def apply(home: Home, file: Path) -> str:
    """Apply the resources of a file, as `kubectl apply` would, and give what has changed, for people.

    Raises `LaptopError`, one line for each problem, where the policies would make no sense with it: then all stays
    as it was.
    """
    with home.locked():
        market = _with_mesh(home)
        if not file.is_file():
            raise LaptopError(f"There is no file {file}", exit_code=2)
        others = [known for known in sidecars.applied(market) if known.name != file.name]
        told = _take_effect(market, [*others, file])
        home.mesh_changes.mkdir(mode=0o700, exist_ok=True)
        shutil.copyfile(file, home.mesh_changes / file.name)
    return f"{file.name} holds: {told}"


def remove(home: Home, name: str) -> str:
    """Take back what was applied from a file of this name, "" for all, and give what has changed, for people.

    Raises `LaptopError` where nothing of that name was applied.
    """
    with home.locked():
        market = _with_mesh(home)
        known = sidecars.applied(market)
        gone = [file for file in known if file.name == Path(name).name or not name]
        if not gone:
            names = ", ".join(file.name for file in known)
            what = f"{Path(name).name} was not applied. Applied: {names}" if known else "Nothing is applied."
            raise LaptopError(what, exit_code=2)
        told = _take_effect(market, [file for file in known if file not in gone])
        for file in gone:
            file.unlink()
    return f"{', '.join(file.name for file in gone)} holds no more: {told}"


def _with_mesh(home: Home) -> Market:
    market, _ = closing.required(home)
    if not market.mesh:
        raise LaptopError("The market runs without sidecars. With them: make down up MESH=1", exit_code=3)
    return market


def _take_effect(market: Market, changes: Iterable[Path]) -> str:
    begun = time.monotonic()
    files = sidecars.rendered(market, changes)
    here = sidecars.site(market)

    def one(name: str) -> tuple[str, bool]:
        workload = next(workload for workload in here.workloads if workload.name == name)
        return name, bool(update(Path(here.folder) / name, files[name], workload.statistics))

    try:
        with ThreadPoolExecutor(len(files)) as hands:
            changed = [name for name, has_changed in hands.map(one, files) if has_changed]
    except MeshError as error:
        raise LaptopError(str(error)) from None
    seconds = time.monotonic() - begun
    whose = ", ".join(changed) if changed else "no sidecar"
    return f"{whose} changed, in {seconds:.1f} s"
