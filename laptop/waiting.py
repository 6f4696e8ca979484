"""Waiting until the market is ready, and telling why it is not."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from laptop.environment import Market
from laptop.errors import LaptopError
from laptop.logs import last_lines
from laptop.pages import READY
from laptop.readiness import problem
from laptop.supervisor import Process, Supervisor
from laptop.terminal import Progress

_POLL = 0.05  # seconds
_TRIES = 3
_LOG_LINES = 10
_LOGS_SHOWN = 3


def wait_until_ready(
    market: Market, control: Supervisor, names: Iterable[str], deadline: float, progress: Progress
) -> None:
    """Wait until these programs are ready.

    Raises `LaptopError`, saying which are not and why, when the monotonic clock passes ``deadline``, or
    sooner when one has ended right after its start several times.
    """
    waiting, short_lives = set(names), ShortLives()
    while True:
        # The gateway last: it can only answer for services that are there.
        problems = _problems(market, waiting - {"gateway"}) or _problems(market, waiting & {"gateway"})
        if not problems:
            return
        waiting = {"gateway"} & waiting | set(problems)
        progress.show("waiting for " + ", ".join(problems))
        given_up = short_lives.of(control.processes())
        if given_up or time.monotonic() > deadline:
            raise LaptopError(_explanation(market, problems, given_up))
        time.sleep(_POLL)


def _problems(market: Market, names: Iterable[str]) -> dict[str, str]:
    return {name: text for name in sorted(names) if (text := problem(market, name)) != READY}


class ShortLives:
    """Counts how often programs ended right after their start: supervisord would go on trying for long."""

    def __init__(self) -> None:
        self._starts: dict[str, set[float]] = defaultdict(set)

    def of(self, processes: Iterable[Process]) -> list[str]:
        """Look again, and give the programs that have ended too often."""
        for process in processes:
            if process.state in ("BACKOFF", "FATAL"):
                self._starts[process.name].add(process.started)
        return [name for name, starts in self._starts.items() if len(starts) >= _TRIES]


def _explanation(market: Market, problems: Mapping[str, str], given_up: Collection[str]) -> str:
    reasons = {name: f"ended right after its start, {_TRIES} times" for name in given_up} or problems
    lines = ["The market did not become ready.", *(f"  {name}: {reason}" for name, reason in reasons.items())]
    for name in list(reasons)[:_LOGS_SHOWN]:
        log = market.home.logs / f"{name}.log"
        lines += ["", f"The end of {log}:", *(f"  {line}" for line in last_lines(log))]
    return "\n".join(lines)
