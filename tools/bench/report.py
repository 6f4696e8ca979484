"""The table: what was measured, beside the budgets."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping
from pathlib import Path

from laptop.processes import Memory
from laptop.terminal import table
from tools.bench.cpu import Cost, Reading
from tools.bench.measurements import Costs, Results

# The design's budgets, for 2 cores.
START_SECONDS = 10.0
MEMORY_MIB = 640.0
PAGE_MS = 2.5
ORDER_MS = 8.0
SIGN_IN_MS = 100.0
TRACES_PERCENT = 10.0

_HEADINGS = ("WHAT", "TRACES OFF", "TRACES ON", "BUDGET", "")
_NOTES = """\
CPU is user and system time of all processes of the market: Envoy, PostgreSQL, NATS, the services, and their
children that have ended; without supervisord and the load client, less what the idle market uses meanwhile.
Shown are the median of the rounds and, in brackets, the lowest and the highest. Budgets are held against the
market as `make up` opens it, without traces, but for the product read and the extra CPU.
Metrics cannot be switched off: every figure has them, and the extra CPU is that of traces alone."""
Row = tuple[str, ...]


def report(results: Results, command: str, verbose: bool) -> str:
    """All of it as text; ``verbose`` adds the programs one by one."""
    parts = [machine(command), table(_HEADINGS, _rows(results)), _NOTES]
    if verbose:
        parts += [_by_program("traces off", results.plain), _by_program("traces on", results.traced)]
        counts = ", ".join(f"{count} of {name}" for name, count in sorted(results.spans.items()))
        parts.append(f"Spans that arrived: {counts}")
    return "\n\n".join(parts)


def _rows(results: Results) -> list[Row]:
    plain, traced = results.plain, results.traced

    def cpu(what: str, of: Callable[[Costs], Cost], budget: float | None = None) -> Row:
        off, on = of(plain), of(traced)
        return (what, milliseconds(off), milliseconds(on), *verdict(off.median * 1000, budget, "ms"))

    return [
        _seconds("first `up`, empty folder, to a confirmed order", results.first_start),
        _seconds("`up` again, to a confirmed order", results.second_start),
        _memory(plain, traced),
        ("CPU of the idle market, per second", _idle(plain), _idle(traced), "-", ""),
        cpu("CPU of a bare Flask hello", lambda costs: costs.hello),
        _product_read(plain, traced),
        cpu("CPU of a product page in HTML", lambda costs: costs.page, PAGE_MS),
        cpu("CPU of an order with its basket, to the last mail", lambda costs: costs.purchase, ORDER_MS),
        cpu("CPU of an order without filling the basket", _order_alone, ORDER_MS),
        cpu("CPU of a sign-in", lambda costs: costs.sign_in, SIGN_IN_MS),
        _extra("extra CPU for traces: product read", plain.read, traced.read),
        _extra("extra CPU for traces: product page", plain.page, traced.page),
        _extra("extra CPU for traces: order with its basket", plain.purchase, traced.purchase),
    ]


def _order_alone(costs: Costs) -> Cost:
    basket = costs.basket.median
    return Cost([{"all": total - basket} for total in costs.purchase.totals])


def _product_read(plain: Costs, traced: Costs) -> Row:
    budget = traced.hello.median * 1000
    told = verdict(traced.read.median * 1000, budget, "ms")
    return (
        "CPU of a product read, gateway to database",
        milliseconds(plain.read),
        milliseconds(traced.read),
        f"hello, {told[0]}",
        told[1],
    )


def _seconds(what: str, seconds: float) -> Row:
    return (what, f"{seconds:.1f} s", "-", *verdict(seconds, START_SECONDS, "s"))


def _memory(plain: Costs, traced: Costs) -> Row:
    off, on = (sum(costs.memory.values(), Memory()) for costs in (plain, traced))
    what = f"memory of the whole market after the load ({off.kind})"
    return (what, str(off), str(on), *verdict(off.size / 2**20, MEMORY_MIB, "MiB"))


def _idle(costs: Costs) -> str:
    return f"{sum(costs.idle.values()) * 1000:.1f} ms"


def _extra(what: str, plain: Cost, traced: Cost) -> Row:
    percent = (traced.median / plain.median - 1) * 100
    return (what, "-", f"{percent:+.0f} %", *verdict(percent, TRACES_PERCENT, "%"))


def milliseconds(cost: Cost) -> str:
    """The median of the rounds, with the lowest and the highest."""
    totals = [seconds * 1000 for seconds in cost.totals]
    return f"{cost.median * 1000:.2f} ms ({min(totals):.2f} to {max(totals):.2f})"


def verdict(measured: float, budget: float | None, unit: str) -> tuple[str, str]:
    """The budget, if there is one, and whether it is met."""
    if budget is None:
        return "-", ""
    shown = f"{budget:.2f} {unit}" if budget < 1 else f"{budget:g} {unit}"
    return shown, "ok" if measured <= budget else f"OVER, {measured / budget:.1f} x"


def _by_program(title: str, costs: Costs) -> str:
    kinds = {
        "READ": costs.read, "PAGE": costs.page, "BASKET": costs.basket,
        "ORDER+BASKET": costs.purchase, "SIGN-IN": costs.sign_in,
    }  # fmt: skip
    return by_program(title, kinds, costs.idle, costs.memory)


def by_program(title: str, kinds: Mapping[str, Cost], idle: Reading, memory: Mapping[str, Memory]) -> str:
    """What each program has used for each kind of work, on average."""
    rows = [
        (
            program,
            *(f"{round(cost.mean_of(program) * 1000, 3) + 0.0:.3f}" for cost in kinds.values()),
            f"{idle.get(program, 0.0) * 1000:.1f}",
            str(memory[program]),
        )
        for program in sorted(memory)
    ]
    return table((f"CPU ms, {title}".upper(), *kinds, "IDLE/S", "MEMORY"), rows)


def machine(command: str) -> str:
    """What was measured on, and by which command."""
    return "\n".join(
        [
            f"{os.cpu_count()} cores, {_processor()}, {platform.system()} {platform.release()}, "
            f"Python {platform.python_version()}",
            f"$ {command}",
        ]
    )


def _processor() -> str:
    description = Path("/proc/cpuinfo")
    if description.exists():
        for line in description.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
