"""The errors of the mesh."""

from __future__ import annotations

from collections.abc import Iterable


class MeshError(Exception):
    """Policies, or a platform, that cannot be rendered. Lists every problem, one per line."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class ConfigRejected(MeshError):
    """A sidecar rejected a file, or did not load it in time."""
