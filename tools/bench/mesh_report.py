"""The table of what a mesh costs."""

from __future__ import annotations

from statistics import quantiles

from laptop.processes import Memory
from laptop.terminal import table
from tools.bench.mesh_cost import Results, Side
from tools.bench.report import Row, by_program, machine, milliseconds, verdict

# The design's budgets: the mesh adds at most 60 % CPU, and a market with sidecars takes at most 1 GiB.
CPU_RATIO = 1.6
MEMORY_MIB = 1024.0

_HEADINGS = ("WHAT", "WITHOUT", "WITH MESH", "RATIO", "BUDGET", "")
_NOTES = """\
CPU is user and system time of all processes of a market, sidecars included; without supervisord and the load
client, less what the idle market uses meanwhile. Shown are the median of the rounds and, in brackets, the lowest
and the highest. An order's CPU is with all that follows, to the last mail, and without filling the basket; its time
is until the answer. Times are those of four clients at once. A market is ready when `up` returns; here it finds its
data, and while the one with the mesh starts, the other runs idle. With the mesh there is a second version of
recommendations, which nobody asks, but which takes memory."""


def report(results: Results, command: str, verbose: bool) -> str:
    """All of it as text; ``verbose`` adds the programs one by one."""
    parts = [machine(command), table(_HEADINGS, _rows(results)), _NOTES]
    if verbose:
        parts += [
            by_program(title, side.costs, side.idle, side.memory)
            for title, side in (("without", results.without), ("with mesh", results.guarded))
        ]
    return "\n\n".join(parts)


def _rows(results: Results) -> list[Row]:
    without, guarded = results.without, results.guarded
    costs = [_cost(kind, without, guarded) for kind in without.costs]
    times = [
        _time(f"p{percent} of {kind}", percent, without.seconds[kind], guarded.seconds[kind])
        for kind in without.seconds
        for percent in (50, 99)
    ]
    return [*costs, *times, _memory(without, guarded), _ready(without, guarded)]


def _cost(kind: str, without: Side, guarded: Side) -> Row:
    first, second = without.costs[kind], guarded.costs[kind]
    ratio = second.median / first.median
    return (
        f"CPU of {kind}",
        milliseconds(first),
        milliseconds(second),
        f"{ratio:.2f} x",
        *verdict(ratio, CPU_RATIO, "x"),
    )


def _time(what: str, percent: int, without: list[float], guarded: list[float]) -> Row:
    first, second = (quantiles(seconds, n=100)[percent - 1] * 1000 for seconds in (without, guarded))
    return (what, f"{first:.1f} ms", f"{second:.1f} ms", f"{second / first:.2f} x", "-", "")


def _memory(without: Side, guarded: Side) -> Row:
    first, second = (sum(side.memory.values(), Memory()) for side in (without, guarded))
    met = verdict(second.size / 2**20, MEMORY_MIB, "MiB")
    what = f"memory of the whole market after the load ({first.kind})"
    return (what, str(first), str(second), f"{second.size / first.size:.2f} x", *met)


def _ready(without: Side, guarded: Side) -> Row:
    first, second = without.ready, guarded.ready
    return ("time to ready", f"{first:.1f} s", f"{second:.1f} s", f"{second / first:.2f} x", "-", "")
