"""Changes of policies in a running mesh. A change takes effect in every sidecar, or in none."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from mesh.errors import ConfigRejected, MeshError
from mesh.platform import Platform, Workload
from mesh.renderer import Files
from mesh.sidecar.files import read, update, write

Result = TypeVar("Result")
_TIMEOUT_SECONDS = 10.0  # for a sidecar to load a file


def applied_files(folder: Path) -> list[Path]:
    """Return the applied files, the latest last. If two change the same resource, the later one takes effect."""
    return sorted(folder.glob("[!.]*"), key=lambda file: file.stat().st_mtime_ns)


@dataclass(frozen=True)
class RunningMesh:
    """A mesh whose sidecars run. The caller must ensure that only one process changes it at a time.

    `applied` is the folder of the files that were applied on top of the policies. `render` returns the files of each
    sidecar with such changes; it raises MeshError if they are invalid.
    """

    platform: Platform
    applied: Path
    render: Callable[[Iterable[Path]], dict[str, Files]]
    timeout: float = _TIMEOUT_SECONDS

    def apply(self, file: Path) -> str:
        """Apply the resources of a file, as `kubectl apply` does, and return a summary for people.

        Raises MeshError with a line for each problem. In that case nothing changes, or everything is restored.
        """
        if not file.is_file():
            raise MeshError([f"There is no file {file}"])
        others = [other for other in applied_files(self.applied) if other.name != file.name]
        summary = self._take_effect([*others, file])
        self.applied.mkdir(mode=0o700, exist_ok=True)
        copy = self.applied / f".{file.name}.new"
        copy.write_bytes(file.read_bytes())
        copy.replace(self.applied / file.name)
        return f"{file.name} applied: {summary}"

    def remove(self, name: str) -> str:
        """Undo what was applied from a file of this name ("" for all files), and return a summary for people.

        Raises MeshError if no such file was applied.
        """
        applied = applied_files(self.applied)
        removed = [file for file in applied if file.name == Path(name).name or not name]
        if not removed:
            if not applied:
                raise MeshError(["No file is applied."])
            names = ", ".join(file.name for file in applied)
            raise MeshError([f"{Path(name).name} is not applied. Applied files: {names}"])
        summary = self._take_effect([file for file in applied if file not in removed])
        for file in removed:
            file.unlink()
        return f"{', '.join(file.name for file in removed)} removed: {summary}"

    def _take_effect(self, changes: Sequence[Path]) -> str:
        started = time.monotonic()
        files = self.render(changes)
        before = {name: read(self._folder(name)) for name in files}
        try:
            changed = [name for name, has_changed in self._update(files) if has_changed]
        except BaseException:  # also Ctrl-C
            self._restore(before)
            raise
        sidecars = ", ".join(changed) if changed else "no sidecar"
        return f"{sidecars} changed, in {time.monotonic() - started:.1f} s"

    def _update(self, files: dict[str, Files]) -> list[tuple[str, bool]]:
        def update_one(workload: Workload) -> tuple[str, bool]:
            name = workload.name
            return name, bool(update(self._folder(name), files[name], workload.status_address, self.timeout))

        return _in_parallel(update_one, self.platform.workloads)

    def _restore(self, files: dict[str, Files]) -> None:
        def restore_one(workload: Workload) -> None:
            folder = self._folder(workload.name)
            try:
                update(folder, files[workload.name], workload.status_address, self.timeout)
            except ConfigRejected:  # it does not answer; it reads the restored files as soon as it runs again
                write(folder, files[workload.name])

        _in_parallel(restore_one, self.platform.workloads)

    def _folder(self, name: str) -> Path:
        return Path(self.platform.folder) / name


def _in_parallel(work: Callable[[Workload], Result], workloads: Sequence[Workload]) -> list[Result]:
    """Return every result. All calls have ended before this raises an error of one of them."""
    with ThreadPoolExecutor(len(workloads)) as executor:
        futures = [executor.submit(work, workload) for workload in workloads]
        # Inside the block: if Ctrl-C interrupts this wait, leaving the block waits for the calls that still run.
        wait(futures)
    return [future.result() for future in futures]
