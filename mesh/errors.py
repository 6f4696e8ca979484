"""The errors of the mesh."""

from __future__ import annotations

from collections.abc import Iterable


class MeshError(Exception):
    """Policies, or a site, that cannot be rendered: every problem at once, a line each."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class NotTakenUp(MeshError):
    """A sidecar that refused a file, or did not answer."""
