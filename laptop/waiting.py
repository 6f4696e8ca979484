"""Waiting until the market is ready, and telling why it is not."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping

from laptop.environment import Market
from laptop.errors import LaptopError
from laptop.logs import last_lines
from laptop.readiness import READY, problem
from laptop.supervisor import Supervisor
from laptop.terminal import Progress

_POLL = 0.05  # seconds
_LOG_LINES = 10
_LOGS_SHOWN = 3


def wait_until_ready(
    market: Market, control: Supervisor, names: Iterable[str], deadline: float, progress: Progress
) -> None:
    """Wait until these programs are ready.

    Raises `LaptopError`, saying which are not and why, when the monotonic clock passes ``deadline``, or
    sooner when supervisord has given one of them up.
    """
    waiting = set(names)
    while True:
        problems = {name: text for name in sorted(waiting) if (text := problem(market, name)) != READY}
        if not problems:
            return
        waiting = set(problems)
        progress.show("waiting for " + ", ".join(problems))
        given_up = [process.name for process in control.processes() if process.state == "FATAL"]
        if given_up or time.monotonic() > deadline:
            raise LaptopError(_explanation(market, problems, given_up))
        time.sleep(_POLL)


def _explanation(market: Market, problems: Mapping[str, str], given_up: Collection[str]) -> str:
    reasons = {name: "ended several times; given up" for name in given_up} or problems
    lines = ["The market did not become ready.", *(f"  {name}: {reason}" for name, reason in reasons.items())]
    for name in list(reasons)[:_LOGS_SHOWN]:
        log = market.home.logs / f"{name}.log"
        lines += ["", f"The end of {log}:", *(f"  {line}" for line in last_lines(log))]
    return "\n".join(lines)
