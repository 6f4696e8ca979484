"""Restart one process without downtime: a standby instance serves on the same port in the meantime."""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from collections.abc import Iterator, Mapping

import psutil

from laptop import LaptopError, gateway, postgres, sidecars
from laptop.http_probe import READY, drain_envoy, envoy_problem, http_problem
from laptop.lifecycle import START_TIMEOUT
from laptop.ports import HOST
from laptop.stack import Stack
from laptop.state_dir import StateDir
from laptop.status import envoy_admin_port, log_excerpt, require_running, wait_until_ready
from laptop.supervisor import STOP_TIMEOUT, Process
from laptop.terminal import Progress
from topology import CANARY, Protocol

_POLL = 0.05  # seconds


def restart(state_dir: StateDir, name: str, caller: Mapping[str, str], progress: Progress) -> None:
    """Restart a process and wait until it is ready.

    A service starts with its new code and migrations, the gateway with its new configuration, a sidecar with the
    current policies. Clients lose no request. Raises `LaptopError` with the list of names if there is no such process,
    and if the new process does not become ready; then the old one keeps running.
    """
    with state_dir.locked():
        stack, supervisor = require_running(state_dir)
        running = {process.name: process for process in supervisor.processes()}
        if name not in running:
            what = f"There is no process {name}" if name else "Name a process: make restart S=NAME"
            raise LaptopError(f"{what}. Processes: {', '.join(sorted(running))}", exit_code=2)
        with progress.phase(f"restarting {name}"):
            _update_files(stack, name, caller)
            with _standby(stack, running[name], time.monotonic() + START_TIMEOUT):
                supervisor.stop(running[name])
                supervisor.start(running[name])
                deadline = time.monotonic() + START_TIMEOUT
                wait_until_ready(stack, supervisor, [name], deadline, progress)


def _update_files(stack: Stack, name: str, caller: Mapping[str, str]) -> None:
    if name == "gateway":
        gateway.write_configuration(stack, caller)
    if workload := sidecars.service_beside(name):
        sidecars.rewrite(stack, workload)
    for service in stack.database_owners:
        if service.name == name:
            postgres.migrate(stack, service)


def _can_have_standby(stack: Stack, process: Process) -> bool:
    """Return whether a second instance can share the work: the process runs, has a port, and owns no data on disk."""
    serving = {service.name for service in stack.services if service.protocol is not Protocol.EVENTS}
    return process.state == "RUNNING" and (
        process.name in {"gateway", CANARY, *serving} or bool(sidecars.service_beside(process.name))
    )


@contextlib.contextmanager
def _standby(stack: Stack, process: Process, deadline: float) -> Iterator[None]:
    """Run a standby instance, which shares the ports of ``process``, for the length of the block.

    It starts with the new code and configuration. Raises `LaptopError` with the end of its log if it is not ready when
    the monotonic clock passes ``deadline``; then the process itself still runs as before.
    """
    if not _can_have_standby(stack, process):
        yield
        return
    standby = _start(stack, process)
    try:
        _wait_until_ready(stack, process.name, standby, deadline)
        admin = envoy_admin_port(stack, process.name)
        if admin:
            drain_envoy(admin)
        yield
        if admin:
            drain_envoy(stack.ports.standby)
    finally:
        _end(standby)


def _start(stack: Stack, process: Process) -> subprocess.Popen[bytes]:
    running = psutil.Process(process.pid)
    command, environment = running.cmdline(), running.environ()
    if envoy_admin_port(stack, process.name):
        address = {"socket_address": {"address": HOST, "port_value": stack.ports.standby}}
        command += ["--config-yaml", json.dumps({"admin": {"address": address}})]
    else:
        environment["ADMIN_PORT"] = str(stack.ports.standby)
    with (stack.state_dir.logs / f"{process.name}.log").open("ab") as log:
        return subprocess.Popen(
            command,
            cwd=running.cwd(),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for `make restart`, which then stops the standby in an orderly way
        )


def _wait_until_ready(stack: Stack, name: str, standby: subprocess.Popen[bytes], deadline: float) -> None:
    while (why := _problem(stack, name)) != READY:
        if standby.poll() is not None:
            why = f"the new process ended right after its start with exit code {standby.returncode}"
        if standby.returncode is not None or time.monotonic() > deadline:
            failure = f"{name} was not restarted and keeps running: {why}."
            raise LaptopError("\n".join([failure, "", *log_excerpt(stack, name)]))
        time.sleep(_POLL)


def _problem(stack: Stack, name: str) -> str:
    port = stack.ports.standby
    if name == "gateway":
        return envoy_problem(port, gateway.key_sets(stack))
    return envoy_problem(port) if sidecars.service_beside(name) else http_problem(port, "/readyz")


def _end(standby: subprocess.Popen[bytes]) -> None:
    standby.terminate()
    try:
        standby.wait(STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        standby.kill()
        standby.wait()
