"""The tables: what was measured, and the budgets of the design (for 2 cores)."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import quantiles

from tabulate import tabulate

from laptop.processes import Memory
from tools.bench import mesh_cost, stack_cost
from tools.bench.processes import Cost, CpuSeconds
from tools.bench.stack_cost import Costs

# CPU budgets are multiples of the baseline's CPU time: a bare Flask application, measured in the same run.
READ_RATIO, TRACED_READ_RATIO = 1.35, 1.5
PAGE_RATIO, HOME_RATIO, STATIC_RATIO = 6.5, 2.5, 1.0
ORDER_RATIO, SIGN_IN_RATIO = 40.0, 110.0
TRACES_PERCENT = 10.0
START_SECONDS = 5.0
MEMORY_MIB = 560.0
# Of the stack with sidecars, against the one without.
MESH_CPU_RATIO = 1.4
MESH_MEMORY_MIB = 800.0

_HEADINGS = ("WHAT", "TRACES OFF", "TRACES ON", "BUDGET", "")
_NOTES = """\
CPU is the user and system time of all processes of the stack: Envoy, PostgreSQL, NATS and the services, with
their children that have ended, but without supervisord and the load client, less what the idle stack uses.
Each cell has the median of the rounds as a multiple of the bare Flask hello and in milliseconds, and half the
distance between the lowest and the highest round. Budgets apply to the stack as `make up` starts it, without
traces, except for the traced product read and the extra CPU. Metrics cannot be switched off: every figure
includes them, and the extra CPU is that of traces alone."""
_MESH_HEADINGS = ("WHAT", "WITHOUT", "WITH MESH", "RATIO", "BUDGET", "")
_MESH_NOTES = """\
CPU is the user and system time of all processes of a stack, sidecars included, but without supervisord and the
load client, less what the idle stack uses. Each cell has the median of the rounds and half the distance
between the lowest and the highest one. An order's CPU includes all effects, to the last email, but not the
filling of the cart; its time ends with the response. Times are those of four concurrent clients. The time to
ready is that of `up` with existing data; while the stack with the mesh starts, the other one runs idle. With
the mesh there is a second version of recommendations, which gets no traffic, but takes memory."""
Row = tuple[str, ...]


def stack_report(results: stack_cost.Results, command: str, verbose: bool) -> str:
    """The report on a stack; if `verbose`, with the figures of each program."""
    parts = [_machine(command), _table(_HEADINGS, _stack_rows(results)), _NOTES]
    if verbose:
        for title, costs in (("traces off", results.plain), ("traces on", results.traced)):
            kinds = {
                "READ": costs.read, "PAGE": costs.page, "HOME": costs.home, "STATIC": costs.static,
                "CART": costs.cart, "ORDER+CART": costs.purchase, "SIGN-IN": costs.sign_in,
            }  # fmt: skip
            parts.append(_programs(title, kinds, costs.idle, costs.memory))
        counts = ", ".join(f"{count} of {name}" for name, count in sorted(results.spans.items()))
        parts.append(f"Spans that arrived: {counts}")
    return "\n\n".join(parts)


def mesh_report(results: mesh_cost.Results, command: str, verbose: bool) -> str:
    """The report on the mesh; if `verbose`, with the figures of each program."""
    parts = [_machine(command), _table(_MESH_HEADINGS, _mesh_rows(results)), _MESH_NOTES]
    if verbose:
        for title, one in (("without", results.without), ("with mesh", results.with_mesh)):
            parts.append(_programs(title, one.costs, one.idle, one.memory))
    return "\n\n".join(parts)


def _stack_rows(results: stack_cost.Results) -> list[Row]:
    plain, traced = results.plain, results.traced

    def cpu(what: str, cost_of: Callable[[Costs], Cost], budget: float | None = None) -> Row:
        return (
            f"CPU of {what}",
            _multiple(cost_of(plain), plain.hello),
            _multiple(cost_of(traced), traced.hello),
            *_verdict(cost_of(plain).median / plain.hello.median, budget, "x"),
        )

    read = cpu("a product read, gateway to database", lambda costs: costs.read, READ_RATIO)
    traced_read = _verdict(traced.read.median / traced.hello.median, TRACED_READ_RATIO, "x")
    return [
        _seconds("first `up`, empty folder, to a confirmed order", results.first_start),
        _seconds("`up` again, to a confirmed order", results.second_start),
        _memory(plain, traced),
        ("CPU of the idle stack, per second", _idle(plain), _idle(traced), "-", ""),
        cpu("a bare Flask hello", lambda costs: costs.hello),
        read,
        ("CPU of a product read with traces", "-", read[2], *traced_read),
        cpu("a product page in HTML", lambda costs: costs.page, PAGE_RATIO),
        cpu("the home page", lambda costs: costs.home, HOME_RATIO),
        cpu("a static file", lambda costs: costs.static, STATIC_RATIO),
        cpu("an order with its cart, to the last email", lambda costs: costs.purchase, ORDER_RATIO),
        cpu("an order without filling the cart", _order_alone, ORDER_RATIO),
        cpu("a sign-in", lambda costs: costs.sign_in, SIGN_IN_RATIO),
        _extra("extra CPU for traces: product read", plain.read, traced.read),
        _extra("extra CPU for traces: product page", plain.page, traced.page),
        _extra("extra CPU for traces: order with its cart", plain.purchase, traced.purchase),
    ]


def _order_alone(costs: Costs) -> Cost:
    cart = costs.cart.median
    return Cost([{"all": total - cart} for total in costs.purchase.totals])


def _seconds(what: str, seconds: float) -> Row:
    return (what, f"{seconds:.1f} s", "-", *_verdict(seconds, START_SECONDS, "s"))


def _memory(plain: Costs, traced: Costs) -> Row:
    off, on = (sum(costs.memory.values(), Memory()) for costs in (plain, traced))
    what = f"memory of the whole stack after the load ({off.kind})"
    return (what, str(off), str(on), *_verdict(off.size / 2**20, MEMORY_MIB, "MiB"))


def _idle(costs: Costs) -> str:
    return f"{sum(costs.idle.values()) * 1000:.1f} ms"


def _extra(what: str, plain: Cost, traced: Cost) -> Row:
    percent = (traced.median / plain.median - 1) * 100
    return (what, "-", f"{percent:+.0f} %", *_verdict(percent, TRACES_PERCENT, "%"))


def _mesh_rows(results: mesh_cost.Results) -> list[Row]:
    without, with_mesh = results.without, results.with_mesh
    rows: list[Row] = []
    for kind, cost in without.costs.items():
        ratio = with_mesh.costs[kind].median / cost.median
        cells = (_milliseconds(cost), _milliseconds(with_mesh.costs[kind]), f"{ratio:.2f} x")
        rows.append((f"CPU of {kind}", *cells, *_verdict(ratio, MESH_CPU_RATIO, "x")))
    for kind in without.seconds:
        for percent in (50, 99):
            first, second = (_percentile(one.seconds[kind], percent) for one in (without, with_mesh))
            cells = (f"{first:.1f} ms", f"{second:.1f} ms", f"{second / first:.2f} x")
            rows.append((f"p{percent} of {kind}", *cells, "-", ""))
    off, on = (sum(one.memory.values(), Memory()) for one in (without, with_mesh))
    rows.append(
        (f"memory of the whole stack after the load ({off.kind})", str(off), str(on),
         f"{on.size / off.size:.2f} x", *_verdict(on.size / 2**20, MESH_MEMORY_MIB, "MiB"))
    )  # fmt: skip
    ready = (f"{without.ready:.1f} s", f"{with_mesh.ready:.1f} s", f"{with_mesh.ready / without.ready:.2f} x")
    rows.append(("time to ready", *ready, "-", ""))
    return rows


def _percentile(seconds: list[float], percent: int) -> float:
    """In milliseconds."""
    return quantiles(seconds, n=100)[percent - 1] * 1000


def _multiple(cost: Cost, baseline: Cost) -> str:
    return f"{cost.median / baseline.median:.2f} x  {_milliseconds(cost)}"


def _milliseconds(cost: Cost) -> str:
    """The median of the rounds, and half the distance between the lowest and the highest in percent of it."""
    spread = (max(cost.totals) - min(cost.totals)) / 2 / cost.median * 100
    return f"{cost.median * 1000:.2f} ms ±{spread:.0f} %"


def _verdict(measured: float, budget: float | None, unit: str) -> tuple[str, str]:
    """The budget, if there is one, and whether it is met."""
    if budget is None:
        return "-", ""
    return f"{budget:g} {unit}", "ok" if measured <= budget else f"OVER, {measured / budget:.1f} x"


def _programs(title: str, kinds: Mapping[str, Cost], idle: CpuSeconds, memory: Mapping[str, Memory]) -> str:
    """The mean CPU time of each program for each kind of work."""
    rows = [
        (
            program,
            *(f"{round(cost.mean_of(program) * 1000, 3) + 0.0:.3f}" for cost in kinds.values()),
            f"{idle.get(program, 0.0) * 1000:.1f}",
            str(memory[program]),
        )
        for program in sorted(memory)
    ]
    return _table((f"CPU ms, {title}".upper(), *map(str.upper, kinds), "IDLE/S", "MEMORY"), rows)


def _table(headings: Row, rows: list[Row]) -> str:
    text: str = tabulate([headings, *rows], tablefmt="plain", disable_numparse=True)
    return "\n".join(line.rstrip() for line in text.splitlines())


def _machine(command: str) -> str:
    """What was measured on, and by which command."""
    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores, {_processor()}, {system}\n$ {command}"


def _processor() -> str:
    description = Path("/proc/cpuinfo")
    if description.exists():
        for line in description.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
