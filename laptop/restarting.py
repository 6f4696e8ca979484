"""Restarting one program, so that it takes up what has changed."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping

from laptop import closing, databases, gateway, sidecars
from laptop.environment import Market
from laptop.errors import LaptopError
from laptop.home import Home
from laptop.opening import START_TIMEOUT
from laptop.relief import can_be_relieved, relieved
from laptop.supervisor import Process
from laptop.terminal import Progress
from laptop.waiting import wait_until_ready


def restart(home: Home, name: str, caller: Mapping[str, str], progress: Progress) -> None:
    """Restart a program and wait until it is ready again.

    A service takes up its new code and migrations, the gateway its new configuration, a sidecar the policies as they
    are now. Those who call it notice nothing: a relief serves meanwhile. Raises `LaptopError` listing the names if
    there is no such program, and where the new one does not become ready; what ran then goes on.
    """
    with home.locked():
        market, control = closing.required(home)
        programs = {process.name: process for process in control.processes()}
        if name not in programs:
            what = f"There is no {name}" if name else "Say which one: make restart S=NAME"
            raise LaptopError(f"{what}. There are: {', '.join(sorted(programs))}", exit_code=2)
        with progress.phase(f"restarting {name}"):
            _bring_up_to_date(market, name, caller)
            with _somebody_else_serving(market, programs[name]):
                control.stop(programs[name])
                control.start(programs[name])
                wait_until_ready(market, control, [name], time.monotonic() + START_TIMEOUT, progress)


def _bring_up_to_date(market: Market, name: str, caller: Mapping[str, str]) -> None:
    if name == "gateway":
        gateway.write_configuration(market, caller)
    if workload := sidecars.service_beside(name):
        sidecars.write_anew(market, workload)
    for service in databases.owners(market):
        if service.name == name:
            databases.migrate(market, service)


@contextlib.contextmanager
def _somebody_else_serving(market: Market, process: Process) -> Iterator[None]:
    if not can_be_relieved(market, process):
        yield
        return
    with relieved(market, process, time.monotonic() + START_TIMEOUT):
        yield
