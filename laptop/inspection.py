"""What runs, where, and whether it is ready."""

from __future__ import annotations

from laptop import processes, sidecars
from laptop.environment import Market
from laptop.pages import READY
from laptop.readiness import problem
from laptop.supervisor import Process, Supervisor
from laptop.terminal import table
from topology import Protocol

_HEADINGS = ("NAME", "STATE", "PID", "PORT", "ADMIN", "READY", "MEMORY", "UPTIME")


def status(market: Market, control: Supervisor) -> str:
    """A table of all programs, with the market's address and its memory as a whole."""
    running = control.processes()
    own = processes.memory(processes.family(control.pid()))
    rows = [_row(market, process) for process in running]
    return "\n".join([table(_HEADINGS, rows), "", f"{market.address}    {own} of memory in all ({own.kind})"])


def _row(market: Market, process: Process) -> tuple[str, ...]:
    if not process.pid:
        return (process.name, process.state.lower(), "-", *_ports(market, process.name), "no", "-", "-")
    reason = problem(market, process.name)
    return (
        process.name,
        process.state.lower(),
        str(process.pid),
        *_ports(market, process.name),
        "yes" if reason == READY else f"no: {reason}",
        str(processes.memory(processes.family(process.pid))),
        _duration(process.uptime),
    )


def _ports(market: Market, name: str) -> tuple[str, str]:
    ports = market.ports
    servers = {
        "gateway": (str(ports.gateway), str(ports.gateway_admin)),
        "postgres": (str(ports.postgres), "-"),
        "nats": (str(ports.nats), str(ports.nats_monitoring)),
        sidecars.RENEWAL: ("-", "-"),
    }
    if name in servers:
        return servers[name]
    if beside := sidecars.service_beside(name):
        return str(ports.inbound(beside)), str(ports.sidecar_admin(beside))
    silent = {service.name for service in market.services if service.protocol is Protocol.EVENTS}
    own = "-" if name in silent else str(ports.service(name))
    return own, str(ports.admin(name))


def _duration(seconds: float) -> str:
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}"
