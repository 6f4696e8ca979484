"""What runs, where, and whether it is ready."""

from __future__ import annotations

from laptop import processes
from laptop.environment import Market
from laptop.readiness import READY, problem
from laptop.supervisor import Process, Supervisor
from laptop.terminal import table

_HEADINGS = ("NAME", "STATE", "PID", "PORT", "READY", "MEMORY", "UPTIME")


def status(market: Market, control: Supervisor) -> str:
    """A table of all programs, with the market's address and its memory as a whole."""
    running = control.processes()
    own = processes.memory(processes.family(control.pid()))
    rows = [_row(market, process) for process in running]
    return "\n".join([table(_HEADINGS, rows), "", f"{market.address}    {own} of memory in all ({own.kind})"])


def _row(market: Market, process: Process) -> tuple[str, ...]:
    if not process.pid:
        return (process.name, process.state.lower(), "-", _port(market, process.name), "no", "-", "-")
    reason = problem(market, process.name)
    return (
        process.name,
        process.state.lower(),
        str(process.pid),
        _port(market, process.name),
        "yes" if reason == READY else f"no: {reason}",
        str(processes.memory(processes.family(process.pid))),
        _duration(process.uptime),
    )


def _port(market: Market, name: str) -> str:
    ports = market.ports
    fixed = {"gateway": ports.gateway, "postgres": ports.postgres, "nats": ports.nats}
    return str(fixed[name] if name in fixed else ports.service(name))


def _duration(seconds: float) -> str:
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}"
