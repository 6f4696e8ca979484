"""Changes to the policies of a mesh that runs: they hold in every sidecar, or in none."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from mesh import sidecars
from mesh.errors import MeshError, NotTakenUp
from mesh.render import Files
from mesh.site import Site, Workload

Result = TypeVar("Result")
_SECONDS = 10.0  # that a sidecar is given to take up a file


def changes_in(folder: Path) -> list[Path]:
    """The files that were applied, the latest last: of two for one resource it is the one that holds."""
    return sorted(folder.glob("[!.]*"), key=lambda file: file.stat().st_mtime_ns)


@dataclass(frozen=True)
class RunningMesh:
    """A mesh whose sidecars run. Only one may change it at a time.

    `applied` is the folder of the files that were applied to the project's policies; `rendered` gives the files of each
    sidecar with such changes, or raises MeshError.
    """

    site: Site
    applied: Path
    rendered: Callable[[Iterable[Path]], dict[str, Files]]
    seconds: float = _SECONDS

    def apply(self, file: Path) -> str:
        """Applies the resources of a file, as `kubectl apply` would, and says what has changed, for people.

        Raises MeshError with a line for each problem: then all stays, or is again, as it was.
        """
        if not file.is_file():
            raise MeshError([f"There is no file {file}"])
        others = [known for known in changes_in(self.applied) if known.name != file.name]
        told = self._take_effect([*others, file])
        self.applied.mkdir(mode=0o700, exist_ok=True)
        kept = self.applied / f".{file.name}.new"
        kept.write_bytes(file.read_bytes())
        kept.replace(self.applied / file.name)
        return f"{file.name} holds: {told}"

    def remove(self, name: str) -> str:
        """Takes back what was applied from a file of this name, "" for all, and says what has changed, for people.

        Raises MeshError where nothing of that name was applied.
        """
        known = changes_in(self.applied)
        gone = [file for file in known if file.name == Path(name).name or not name]
        if not gone:
            names = ", ".join(file.name for file in known)
            what = f"{Path(name).name} was not applied. Applied: {names}" if known else "Nothing is applied."
            raise MeshError([what])
        told = self._take_effect([file for file in known if file not in gone])
        for file in gone:
            file.unlink()
        verb = "holds" if len(gone) == 1 else "hold"
        return f"{', '.join(file.name for file in gone)} {verb} no more: {told}"

    def _take_effect(self, changes: Sequence[Path]) -> str:
        begun = time.monotonic()
        files = self.rendered(changes)
        before = {name: sidecars.read(self._folder(name)) for name in files}
        try:
            changed = [name for name, has_changed in self._update(files) if has_changed]
        except BaseException:  # an interruption too
            self._restore(before)
            raise
        whose = ", ".join(changed) if changed else "no sidecar"
        return f"{whose} changed, in {time.monotonic() - begun:.1f} s"

    def _update(self, files: dict[str, Files]) -> list[tuple[str, bool]]:
        def one(workload: Workload) -> tuple[str, bool]:
            folder = self._folder(workload.name)
            changed = sidecars.update(folder, files[workload.name], workload.statistics, self.seconds)
            return workload.name, bool(changed)

        return _all_at_once(one, self.site.workloads)

    def _restore(self, files: dict[str, Files]) -> None:
        def one(workload: Workload) -> None:
            folder = self._folder(workload.name)
            try:
                sidecars.update(folder, files[workload.name], workload.statistics, self.seconds)
            except NotTakenUp:  # it hears nothing; what it reads when it does is what was
                sidecars.write(folder, files[workload.name])

        _all_at_once(one, self.site.workloads)

    def _folder(self, name: str) -> Path:
        return Path(self.site.folder) / name


def _all_at_once(work: Callable[[Workload], Result], workloads: Sequence[Workload]) -> list[Result]:
    """Every result. All is done before an error is raised."""
    with ThreadPoolExecutor(len(workloads)) as hands:
        futures = [hands.submit(work, workload) for workload in workloads]
        wait(futures)  # here, where the block waits again for those that an interruption leaves at work
    return [future.result() for future in futures]
