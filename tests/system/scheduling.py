"""Distribute tests over pytest-xdist's workers: tests that share a stack run in one worker."""

from pathlib import PurePath

from xdist.scheduler import LoadFileScheduling

# Files below tests/system whose tests start their own stacks. Two stacks with sidecars never run at the same time,
# because Linux limits how many inotify instances a user has.
_OWN_STACK = {"test_bench.py", "test_chaos.py", "test_traces.py"}
_OWN_MESH = {"test_mesh.py", "test_mesh_cost.py"}


class ByStack(LoadFileScheduling):
    """Keeps in one worker: tests that share the stack of conftest.py, tests with a mesh, and tests of one file."""

    def _split_scope(self, nodeid: str) -> str:
        file = PurePath(super()._split_scope(nodeid))
        if file.parent != PurePath("tests/system") or file.name in _OWN_STACK:
            return str(file)
        return str(file.parent / "mesh" if file.name in _OWN_MESH else file.parent)
