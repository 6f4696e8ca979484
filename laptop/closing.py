"""Closing the market: in order while supervisord runs, by hand where a crash has left processes behind."""

from __future__ import annotations

import contextlib
import shutil
import time

from laptop import processes, server_data
from laptop.environment import Market
from laptop.errors import LaptopError
from laptop.home import Home
from laptop.ports import Ports
from laptop.supervisor import Supervisor
from laptop.terminal import Progress

_PATIENCE = 45.0  # seconds for an orderly end of everything
_POLL = 0.05  # seconds
_CLOSED_ALREADY = "The market is closed already."


def running(home: Home) -> tuple[Market, Supervisor] | None:
    """The market of this folder and its supervisord, if that is at work."""
    port = home.recorded_port()
    if port is None:
        return None
    market = Market(home, Ports(port), home.secrets(()), mesh=home.recorded_mesh())
    supervisor = Supervisor(market.ports.supervisor, market.secrets.supervisor)
    return (market, supervisor) if supervisor.answers() else None


def required(home: Home) -> tuple[Market, Supervisor]:
    """As `running`; `LaptopError` with exit code 3 if the market is closed."""
    found = running(home)
    if found is None:
        left = len(processes.of_market(home))
        trouble = f"It has crashed: {left} processes go on without supervisord. " if left else ""
        raise LaptopError(f"The market is closed. {trouble}Open it: make up", exit_code=3)
    return found


def close(home: Home) -> int:
    """End every process of the market and give how many those were. Fine when nothing runs."""
    found, alive = running(home), processes.of_market(home)
    if found:
        found[1].shut_down()
        _wait_for_end(home)
    return max(len(alive), end_leftovers(home))


def end_leftovers(home: Home) -> int:
    """End what runs without its supervisord, clear stale pid files away; gives how many processes ended."""
    ended = 0
    while left := processes.of_market(home):
        processes.end(left)
        ended += len(left)
    processes.remove_stale_pid_file(home)
    return ended


def down(home: Home, progress: Progress) -> None:
    """Close the market; says what it did."""
    if not home.path.exists():
        progress.say(_CLOSED_ALREADY)
        return
    with home.locked():
        progress.show("closing the market ...")
        ended = close(home)
    progress.say(f"The market is closed: {ended} processes ended." if ended else _CLOSED_ALREADY)


def reset(home: Home, progress: Progress) -> None:
    """Close the market and delete all that it kept: accounts, orders, mails, logs, passwords."""
    if not home.path.exists():
        progress.say("There is nothing to delete.")
        return
    with home.locked():
        with contextlib.suppress(LaptopError):  # damage is no obstacle to deleting
            close(home)
        end_leftovers(home)
        server_data.remove(home)
        shutil.rmtree(home.path)
    progress.say(f"{home.path} is deleted.")


def _wait_for_end(home: Home) -> None:
    deadline = time.monotonic() + _PATIENCE
    while processes.of_market(home) and time.monotonic() < deadline:
        time.sleep(_POLL)
