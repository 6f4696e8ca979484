"""How tests are spread over processes that run side by side: where there is one market, its tests stay together."""

from pathlib import PurePath

from xdist.scheduler import LoadFileScheduling

# The files below tests/system whose tests open markets of their own. Of markets with sidecars there is never more than
# one: Linux lets an account watch so many files, and not twice as many.
_OWN_MARKETS = {"test_bench.py", "test_chaos.py", "test_traces.py"}
_OWN_MESHES = {"test_mesh.py", "test_mesh_cost.py"}


class ByStack(LoadFileScheduling):
    """Keeps together in a process what shares the market of conftest.py, what has a mesh, and what is in one file."""

    def _split_scope(self, nodeid: str) -> str:
        file = PurePath(super()._split_scope(nodeid))
        if file.parent != PurePath("tests/system") or file.name in _OWN_MARKETS:
            return str(file)
        return str(file.parent / "mesh" if file.name in _OWN_MESHES else file.parent)
