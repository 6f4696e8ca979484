"""Opening the market: data folder, servers, databases, services, gateway, and waiting until it can sell."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace

from laptop import closing, databases, gateway, processes, server_data, sidecars, supervisor, wheels
from laptop.environment import Market, common_environment
from laptop.errors import LaptopError
from laptop.home import Home
from laptop.ports import check_free
from laptop.programs import LATER_GROUPS, Program, all_programs, nats_configuration
from laptop.supervisor import Supervisor
from laptop.terminal import Progress
from laptop.waiting import wait_until_ready

START_TIMEOUT = 180.0  # seconds, for machines that have much else to do: of what dies `make up` tells sooner


def up(home: Home, port: int, mesh: bool, caller: Mapping[str, str], progress: Progress) -> None:
    """Open the market at ``port``, or leave it as it is if it is open. ``caller`` is our environment.

    Raises `LaptopError` where it cannot be opened. Then, and when interrupted, nothing is left running
    that did not run before.
    """
    started = time.monotonic()
    with home.locked():
        found = closing.running(home)
        if found:
            _stay_open(*found, port, mesh, progress)
            return
        market = replace(Market.at(home, port), mesh=mesh)
        start(market, caller, progress)
    _announce(market, progress, time.monotonic() - started)


def start(market: Market, caller: Mapping[str, str], progress: Progress) -> None:
    """Start a market that does not run, and wait until it can sell; its folder is locked by whoever asks.

    Raises `LaptopError` as `up` does, and leaves as little running.
    """
    home = market.home
    if closing.end_leftovers(home):
        progress.say("ended what a crashed market had left running")
    check_free(market.ports, with_mesh=market.mesh)
    wheels.check_all()
    if market.mesh:
        sidecars.check_enough_to_watch(market, gateway.configuration(market, caller))
    home.record_port(market.ports.gateway)
    home.record_mesh(market.mesh)
    with _nothing_left_on_failure(home, progress):
        _open(market, caller, progress)


def _open(market: Market, caller: Mapping[str, str], progress: Progress) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    with progress.phase("the database server's files"):
        postgres = server_data.prepare(market.home, market.secrets.postgres)
        programs = all_programs(market, postgres)
        _write_configurations(market, programs, caller)
    with progress.phase("supervisord and PostgreSQL"):
        supervisor.launch(market, common_environment(market.home, caller))
        control = Supervisor(market.ports.supervisor, market.secrets.supervisor)
        wait_until_ready(market, control, ["postgres"], deadline, progress)
    with progress.phase("databases, migrations, seed"):
        databases.create(market)
        for service in databases.owners(market):
            databases.migrate(market, service)
    with progress.phase("services and gateway"):
        for group in LATER_GROUPS:
            if any(program.group == group for program in programs):
                control.start_group(group)
        wait_until_ready(market, control, [program.name for program in programs], deadline, progress)


def _write_configurations(market: Market, programs: list[Program], caller: Mapping[str, str]) -> None:
    home = market.home
    if market.mesh:
        sidecars.write_files(market)
    gateway.write_configuration(market, caller)
    home.write_private(nats_configuration(market), market.broker.configuration())
    home.write_private(home.supervisor_configuration, supervisor.configuration(market, programs))


def _stay_open(market: Market, control: Supervisor, port: int, mesh: bool, progress: Progress) -> None:
    if mesh != market.mesh:
        how = (
            "without sidecars. With them: make down up MESH=1"
            if mesh
            else "with sidecars. Without: make down up"
        )
        raise LaptopError(f"The market is already open at {market.address}, {how}", 2)
    if port != market.ports.gateway:
        raise LaptopError(
            f"The market is already open at {market.address}. To move it: make down up PORT={port}", 2
        )
    for process in control.processes():
        if not process.pid:
            control.stop(process)
            control.start(process)
            progress.say(f"{process.name} did not run; started it")
    names = [process.name for process in control.processes()]
    wait_until_ready(market, control, names, time.monotonic() + START_TIMEOUT, progress)
    progress.say(f"The market is open already: {market.address}")


@contextlib.contextmanager
def _nothing_left_on_failure(home: Home, progress: Progress) -> Iterator[None]:
    try:
        yield
    except BaseException:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        progress.show("stopping what was started ...")
        closing.close(home)
        raise


def _announce(market: Market, progress: Progress, seconds: float) -> None:
    running = processes.of_market(market.home)
    memory = processes.memory(running)
    progress.say("")
    progress.say(f"The market is open: {market.address}")
    progress.say("")
    progress.say(f"{len(running)} processes, {memory} of memory ({memory.kind}), ready in {seconds:.1f} s")
    progress.say("")
    progress.say("make status    what runs, and where")
    progress.say("make logs      what it says; one service alone: make logs S=orders")
    progress.say("make down      close the market; it keeps its data")
