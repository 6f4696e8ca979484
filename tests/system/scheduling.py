"""How tests are spread over processes that run side by side: where there is one market, its tests stay together."""

from pathlib import PurePath

from xdist.scheduler import LoadFileScheduling

# The files below tests/system whose tests open markets of their own.
_OWN_MARKETS = {"test_bench.py", "test_chaos.py", "test_traces.py"}


class ByMarket(LoadFileScheduling):
    """Keeps in one process what shares the market of conftest.py; of all else, what is in one file."""

    def _split_scope(self, nodeid: str) -> str:
        file = PurePath(super()._split_scope(nodeid))
        shares = file.parent == PurePath("tests/system") and file.name not in _OWN_MARKETS
        return str(file.parent if shares else file)
