"""The state of a stack: whether it runs, whether each process is ready, and waiting until it is."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from laptop import LaptopError, gateway, postgres, processes, sidecars
from laptop.http_probe import READY, envoy_problem, http_problem
from laptop.logs import last_lines
from laptop.ports import Ports
from laptop.stack import Stack
from laptop.state_dir import StateDir
from laptop.supervisor import Process, Supervisor
from laptop.terminal import Progress, table
from topology import Protocol

_HEADINGS = ("NAME", "STATE", "PID", "PORT", "ADMIN", "READY", "MEMORY", "UPTIME")
_POLL = 0.05  # seconds
_MAX_FAILED_STARTS = 3  # supervisord itself would retry for much longer
_MAX_LOGS_SHOWN = 3


def find_running(state_dir: StateDir) -> tuple[Stack, Supervisor] | None:
    """Return the stack of this state directory and its supervisord, or None if supervisord does not run."""
    port = state_dir.recorded_port()
    if port is None:
        return None
    stack = Stack(state_dir, Ports(port), state_dir.secrets(()), mesh=state_dir.recorded_mesh())
    supervisor = Supervisor(stack.ports.supervisor, stack.secrets.supervisor)
    return (stack, supervisor) if supervisor.is_running() else None


def require_running(state_dir: StateDir) -> tuple[Stack, Supervisor]:
    """Return the same as `find_running`. Raises `LaptopError` with exit code 3 if the stack does not run."""
    found = find_running(state_dir)
    if found is None:
        left = len(processes.of_stack(state_dir))
        crash = f"It has crashed: {left} processes still run without supervisord. " if left else ""
        raise LaptopError(f"The stack is not running. {crash}Start it: make up", exit_code=3)
    return found


def status_table(stack: Stack, supervisor: Supervisor) -> str:
    """Return a table of all processes, followed by the stack's URL and its total memory."""
    rows = [_row(stack, process) for process in supervisor.processes()]
    total = processes.memory(processes.family(supervisor.pid()))
    return "\n".join(
        [table(_HEADINGS, rows), "", f"{stack.url}    {total} of memory in total ({total.kind})"]
    )


def _row(stack: Stack, process: Process) -> tuple[str, ...]:
    if not process.pid:
        return (process.name, process.state.lower(), "-", *_ports(stack, process.name), "no", "-", "-")
    reason = problem(stack, process.name)
    return (
        process.name,
        process.state.lower(),
        str(process.pid),
        *_ports(stack, process.name),
        "yes" if reason == READY else f"no: {reason}",
        str(processes.memory(processes.family(process.pid))),
        _duration(process.uptime),
    )


def _ports(stack: Stack, name: str) -> tuple[str, str]:
    """Return a process's own port and its admin port, "-" if there is none."""
    ports = stack.ports
    servers = {
        "gateway": (str(ports.gateway), str(ports.gateway_admin)),
        "postgres": (str(ports.postgres), "-"),
        "nats": (str(ports.nats), str(ports.nats_monitoring)),
        sidecars.ROTATION: ("-", "-"),
    }
    if name in servers:
        return servers[name]
    if service := sidecars.service_beside(name):
        return str(ports.inbound(service)), str(ports.sidecar_admin(service))
    without_port = {service.name for service in stack.services if service.protocol is Protocol.EVENTS}
    return "-" if name in without_port else str(ports.service(name)), str(ports.admin(name))


def _duration(seconds: float) -> str:
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}"


def problem(stack: Stack, name: str) -> str:
    """Return why a process is not ready, in a few words, or `READY` (empty) if it is."""
    match name:
        case "postgres":
            return READY if postgres.accepts_connections(stack.state_dir.postgres_data) else "not accepting"
        case "nats":
            return READY if stack.nats.accepts_connections() else "not accepting"
        case "gateway":
            keys = envoy_problem(stack.ports.gateway_admin, gateway.key_sets(stack))
            return keys or http_problem(stack.ports.gateway, "/readyz")
        case sidecars.ROTATION:
            return READY  # the certificates that others need at their start exist before it starts
    if admin := envoy_admin_port(stack, name):
        return envoy_problem(admin)
    return http_problem(stack.ports.admin(name), "/readyz")


def envoy_admin_port(stack: Stack, name: str) -> int | None:
    """Return the admin port of the gateway or of a sidecar, or None if the process is not an Envoy."""
    if name == "gateway":
        return stack.ports.gateway_admin
    service = sidecars.service_beside(name)
    return stack.ports.sidecar_admin(service) if service else None


def wait_until_ready(
    stack: Stack, supervisor: Supervisor, names: Iterable[str], deadline: float, progress: Progress
) -> None:
    """Wait until these processes are ready.

    Raises `LaptopError`, with the reason for each one that is not, when the monotonic clock passes ``deadline``, or
    earlier if a process has ended right after its start several times.
    """
    waiting, failed_starts = set(names), FailedStarts()
    while True:
        # The gateway comes last, because it is not ready until the services are.
        problems = _problems(stack, waiting - {"gateway"}) or _problems(stack, waiting & {"gateway"})
        if not problems:
            return
        waiting = {"gateway"} & waiting | set(problems)
        progress.show("waiting for " + ", ".join(problems))
        failed = failed_starts.update(supervisor.processes())
        if failed or time.monotonic() > deadline:
            raise LaptopError(_explanation(stack, problems, failed))
        time.sleep(_POLL)


def _problems(stack: Stack, names: Iterable[str]) -> dict[str, str]:
    return {name: text for name in sorted(names) if (text := problem(stack, name)) != READY}


class FailedStarts:
    """Counts how often each process has ended right after its start."""

    def __init__(self) -> None:
        self._starts: dict[str, set[float]] = defaultdict(set)

    def update(self, observed: Iterable[Process]) -> list[str]:
        """Count further failures and return the processes that have failed too often."""
        for process in observed:
            if process.state in ("BACKOFF", "FATAL"):
                self._starts[process.name].add(process.started)
        return [name for name, starts in self._starts.items() if len(starts) >= _MAX_FAILED_STARTS]


def _explanation(stack: Stack, problems: Mapping[str, str], failed: Collection[str]) -> str:
    reasons = {
        name: f"ended right after its start, {_MAX_FAILED_STARTS} times" for name in failed
    } or problems
    lines = ["The stack did not become ready.", *(f"  {name}: {reason}" for name, reason in reasons.items())]
    for name in list(reasons)[:_MAX_LOGS_SHOWN]:
        lines += ["", *log_excerpt(stack, name)]
    return "\n".join(lines)


def log_excerpt(stack: Stack, name: str) -> list[str]:
    """Return the last lines of a process's log under a heading, for error messages."""
    log = stack.state_dir.logs / f"{name}.log"
    return [f"Last lines of {log}:", *(f"  {line}" for line in last_lines(log))]
