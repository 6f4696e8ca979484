"""A relief: a second process of a program, which serves on the same port while the program itself is restarted."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Iterator

import psutil

from laptop import envoy_admin, gateway, pages, sidecars
from laptop.environment import Market
from laptop.errors import LaptopError
from laptop.logs import last_lines
from laptop.pages import READY
from laptop.programs import STOP_SECONDS
from laptop.supervisor import Process
from topology import CANARY, Protocol

_POLL = 0.05  # seconds


def can_be_relieved(market: Market, process: Process) -> bool:
    """Whether a second process could do its work: it runs, has a port, and keeps no data of its own."""
    served = {service.name for service in market.services if service.protocol is not Protocol.EVENTS}
    names = {"gateway", CANARY, *served}
    return process.state == "RUNNING" and (
        process.name in names or bool(sidecars.service_beside(process.name))
    )


@contextlib.contextmanager
def relieved(market: Market, process: Process, deadline: float) -> Iterator[None]:
    """Have a relief ready for the length of the block, which shares the ports of ``process``.

    It is started as the program would be started anew, with new code and configuration. Raises `LaptopError`
    with the end of its log if it is not ready when the monotonic clock passes ``deadline``: then the program
    itself still runs as before.
    """
    second = _start(market, process)
    try:
        _wait_until_ready(market, process.name, second, deadline)
        admin = envoy_admin.admin_port(market, process.name)
        if admin:
            envoy_admin.drain(admin)
        yield
        if admin:
            envoy_admin.drain(market.ports.relief)
    finally:
        _end(second)


def _start(market: Market, process: Process) -> subprocess.Popen[bytes]:
    program = psutil.Process(process.pid)
    command, environment = program.cmdline(), program.environ()
    if envoy_admin.admin_port(market, process.name):
        command += envoy_admin.at_admin_port(market.ports.relief)
    else:
        environment["ADMIN_PORT"] = str(market.ports.relief)
    with (market.home.logs / f"{process.name}.log").open("ab") as log:
        return subprocess.Popen(
            command,
            cwd=program.cwd(),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C is for `make restart`, which then ends it in an orderly way
        )


def _wait_until_ready(market: Market, name: str, relief: subprocess.Popen[bytes], deadline: float) -> None:
    while (why := _problem(market, name)) != READY:
        if relief.poll() is not None:
            why = f"it ended right after its start, exit code {relief.returncode}"
        if relief.returncode is not None or time.monotonic() > deadline:
            log = market.home.logs / f"{name}.log"
            lines = [f"  {line}" for line in last_lines(log)]
            trouble = f"{name} was not restarted, what ran goes on: {why}."
            raise LaptopError("\n".join([trouble, "", f"The end of {log}:", *lines]))
        time.sleep(_POLL)


def _problem(market: Market, name: str) -> str:
    port = market.ports.relief
    if name == "gateway":
        return envoy_admin.problem(port, gateway.key_sets(market))
    return envoy_admin.problem(port) if sidecars.service_beside(name) else pages.problem(port, "/readyz")


def _end(relief: subprocess.Popen[bytes]) -> None:
    relief.terminate()
    try:
        relief.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        relief.kill()
        relief.wait()
