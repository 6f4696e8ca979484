"""Restarting one program, so that it takes up what has changed."""

from __future__ import annotations

import time
from collections.abc import Mapping

from laptop import closing, databases, gateway
from laptop.errors import LaptopError
from laptop.home import Home
from laptop.opening import START_TIMEOUT
from laptop.terminal import Progress
from laptop.waiting import wait_until_ready


def restart(home: Home, name: str, caller: Mapping[str, str], progress: Progress) -> None:
    """Restart a program and wait until it is ready again.

    A service takes up its new code and migrations, the gateway its new configuration. Raises
    `LaptopError` listing the names if there is no such program.
    """
    with home.locked():
        market, control = closing.required(home)
        programs = {process.name: process for process in control.processes()}
        if name not in programs:
            what = f"There is no {name}" if name else "Say which one: make restart S=NAME"
            raise LaptopError(f"{what}. There are: {', '.join(sorted(programs))}", exit_code=2)
        with progress.phase(f"restarting {name}"):
            control.stop(programs[name])
            if name == "gateway":
                gateway.write_configuration(market, caller)
            for service in databases.owners(market):
                if service.name == name:
                    databases.migrate(market, service)
            control.start(programs[name])
            wait_until_ready(market, control, [name], time.monotonic() + START_TIMEOUT, progress)
