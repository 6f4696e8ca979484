"""Start and stop the stack: data, servers, databases, services, gateway, and stopping all of it after a crash too."""

from __future__ import annotations

import contextlib
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace

from laptop import LaptopError, binaries, gateway, postgres, processes, sidecars, supervisor
from laptop.ports import check_free
from laptop.stack import Stack, common_environment
from laptop.state_dir import StateDir
from laptop.status import find_running, wait_until_ready
from laptop.supervisor import LATER_GROUPS, ProcessSpec, Supervisor, process_specs
from laptop.terminal import Progress

START_TIMEOUT = 180.0  # seconds, for busy machines; a process that keeps crashing is reported earlier
_STOP_TIMEOUT = 45.0  # seconds for an orderly stop of all processes
_POLL = 0.05  # seconds
_NOT_RUNNING = "The stack is not running."


def up(state_dir: StateDir, port: int, mesh: bool, caller: Mapping[str, str], progress: Progress) -> None:
    """Start the stack at ``port``. If it runs, start only the processes that have stopped.

    ``caller`` is the caller's environment. Raises `LaptopError` if the stack cannot start. Then, and after an
    interruption, nothing is left running that did not run before.
    """
    started = time.monotonic()
    with state_dir.locked():
        found = find_running(state_dir)
        if found:
            _keep_running(*found, port, mesh, progress)
            return
        stack = replace(Stack.at(state_dir, port), mesh=mesh)
        start(stack, caller, progress)
    _announce(stack, progress, time.monotonic() - started)


def start(stack: Stack, caller: Mapping[str, str], progress: Progress) -> None:
    """Start a stack that does not run, and wait until it is ready. The caller holds the state directory's lock.

    Raises `LaptopError` as `up` does, and leaves nothing running then either.
    """
    state_dir = stack.state_dir
    if _end_leftovers(state_dir):
        progress.say("stopped what a crashed stack had left running")
    check_free(stack.ports, with_mesh=stack.mesh)
    binaries.check_all()
    if stack.mesh:
        sidecars.check_enough_to_watch(stack, gateway.configuration(stack, caller))
    state_dir.record_port(stack.ports.gateway)
    state_dir.record_mesh(stack.mesh)
    state_dir.write_endpoints(stack.endpoints())
    with _stopped_on_failure(state_dir, progress):
        _start_in_order(stack, caller, progress)


def _start_in_order(stack: Stack, caller: Mapping[str, str], progress: Progress) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    with progress.phase("data directory and configuration"):
        installation = postgres.prepare_data(stack.state_dir, stack.secrets.postgres)
        specs = process_specs(stack, installation)
        _write_configurations(stack, specs, caller)
    with progress.phase("supervisord and PostgreSQL"):
        supervisor.launch(stack, common_environment(stack.state_dir, caller))
        control = Supervisor(stack.ports.supervisor, stack.secrets.supervisor)
        wait_until_ready(stack, control, ["postgres"], deadline, progress)
    with progress.phase("databases, migrations, seed"):
        postgres.create_databases(stack)
        for service in stack.database_owners:
            postgres.migrate(stack, service)
    with progress.phase("services and gateway"):
        for group in LATER_GROUPS:
            if any(spec.group == group for spec in specs):
                control.start_group(group)
        wait_until_ready(stack, control, [spec.name for spec in specs], deadline, progress)


def _write_configurations(stack: Stack, specs: list[ProcessSpec], caller: Mapping[str, str]) -> None:
    state_dir = stack.state_dir
    if stack.mesh:
        sidecars.write_files(stack)
    gateway.write_configuration(stack, caller)
    state_dir.write_private(state_dir.nats_configuration, stack.nats.configuration())
    state_dir.write_private(state_dir.supervisor_configuration, supervisor.configuration(stack, specs))


def _keep_running(stack: Stack, control: Supervisor, port: int, mesh: bool, progress: Progress) -> None:
    if mesh != stack.mesh:
        how = (
            "without sidecars. To add them: make down up MESH=1"
            if mesh
            else "with sidecars. To remove them: make down up"
        )
        raise LaptopError(f"The stack is already running at {stack.url}, {how}", 2)
    if port != stack.ports.gateway:
        raise LaptopError(
            f"The stack is already running at {stack.url}. To move it: make down up PORT={port}", 2
        )
    for process in control.processes():
        if not process.pid:
            control.stop(process)
            control.start(process)
            progress.say(f"started {process.name}, which had stopped")
    names = [process.name for process in control.processes()]
    wait_until_ready(stack, control, names, time.monotonic() + START_TIMEOUT, progress)
    progress.say(f"The stack is already running: {stack.url}")


@contextlib.contextmanager
def _stopped_on_failure(state_dir: StateDir, progress: Progress) -> Iterator[None]:
    try:
        yield
    except BaseException:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        progress.show("stopping what was started ...")
        stop(state_dir)
        raise


def _announce(stack: Stack, progress: Progress, seconds: float) -> None:
    running = processes.of_stack(stack.state_dir)
    memory = processes.memory(running)
    progress.say("")
    progress.say(f"The stack is ready: {stack.url}")
    progress.say("")
    progress.say(f"{len(running)} processes, {memory} of memory ({memory.kind}), ready in {seconds:.1f} s")
    progress.say("")
    progress.say("make status    show processes, ports and memory")
    progress.say("make logs      show logs; of one service: make logs S=orders")
    progress.say("make down      stop the stack and keep its data")


def stop(state_dir: StateDir) -> int:
    """Stop every process of the stack and return how many there were. Does nothing if none runs."""
    found, running = find_running(state_dir), processes.of_stack(state_dir)
    if found:
        found[1].shut_down()
        deadline = time.monotonic() + _STOP_TIMEOUT
        while processes.of_stack(state_dir) and time.monotonic() < deadline:
            time.sleep(_POLL)
    return max(len(running), _end_leftovers(state_dir))


def _end_leftovers(state_dir: StateDir) -> int:
    """End what runs without its supervisord, remove stale pid files, and return how many processes ended."""
    ended = 0
    while left := processes.of_stack(state_dir):
        processes.end(left)
        ended += len(left)
    processes.remove_stale_pid_file(state_dir)
    return ended


def down(state_dir: StateDir, progress: Progress) -> None:
    """Stop the stack and report the result."""
    if not state_dir.path.exists():
        progress.say(_NOT_RUNNING)
        return
    with state_dir.locked():
        progress.show("stopping the stack ...")
        ended = stop(state_dir)
    progress.say(f"The stack is stopped: {ended} processes ended." if ended else _NOT_RUNNING)


def reset(state_dir: StateDir, progress: Progress) -> None:
    """Stop the stack and delete all of its data: accounts, orders, emails, logs, passwords."""
    if not state_dir.path.exists():
        progress.say("There is nothing to delete.")
        return
    with state_dir.locked():
        with contextlib.suppress(LaptopError):  # damaged state can be deleted too
            stop(state_dir)
        _end_leftovers(state_dir)
        postgres.remove_data(state_dir)
        shutil.rmtree(state_dir.path)
    progress.say(f"{state_dir.path} is deleted.")
