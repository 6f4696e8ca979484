"""supervisord: what it runs, its configuration, its start, and the client for the running one."""

from __future__ import annotations

import configparser
import http.client
import io
import os
import shlex
import subprocess
import sys
import xmlrpc.client
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from laptop import LaptopError, gateway, postgres, sidecars
from laptop.ports import HOST
from laptop.stack import SUPERVISOR_USER, Stack, service_environment
from topology import CANARY, CANARY_SERVICE, Service

ROOT = Path(__file__).resolve().parent.parent
# Groups start in this order and stop in the opposite one. The processes of a group start and stop together.
GROUPS = ("servers", "sidecars", "services", "gateway")
FIRST_GROUP, *LATER_GROUPS = GROUPS
STOP_TIMEOUT = 15  # seconds until a process that was asked to end is killed
_TIMEOUT = 30.0  # seconds for one answer; stopping a process may take half of it
_UNREACHABLE = (OSError, http.client.HTTPException, xmlrpc.client.Error)


@dataclass(frozen=True)
class ProcessSpec:
    """One process to keep running."""

    name: str
    group: str
    command: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    stop_signal: str = "TERM"


def process_specs(stack: Stack, installation: postgres.Installation) -> list[ProcessSpec]:
    """Return every process of the stack."""
    folder, data = stack.state_dir.path, stack.state_dir.postgres_data
    database = ProcessSpec(
        name="postgres",
        group="servers",
        folder=data.parent,
        command=tuple(postgres.server_command(installation, data, stack.ports.postgres, postgres.SETTINGS)),
        user=installation.user.name if installation.user else None,
        stop_signal="INT",  # a "fast" shutdown: it does not wait until clients disconnect
    )
    nats = ProcessSpec(
        "nats", "servers", tuple(stack.nats.command(stack.state_dir.nats_configuration)), folder
    )
    mesh = [
        ProcessSpec(name, "sidecars", tuple(command), ROOT)
        for name, command in (sidecars.commands(stack) if stack.mesh else {}).items()
    ]
    edge = ProcessSpec("gateway", "gateway", tuple(gateway.server_command(stack)), folder)
    return [database, nats, *mesh, *_services(stack), edge]


def _services(stack: Stack) -> list[ProcessSpec]:
    specs = [_service(stack, service, service.name) for service in stack.services]
    if stack.mesh:
        canaries = [service for service in stack.services if service.name == CANARY_SERVICE]
        specs += [_service(stack, service, CANARY, MODEL="v2") for service in canaries]
    return specs


def _service(stack: Stack, service: Service, name: str, **more: str) -> ProcessSpec:
    return ProcessSpec(
        name=name,
        group="services",
        folder=stack.state_dir.path,
        command=(sys.executable, "-m", service.name),
        environment=service_environment(stack, service, name) | more,
    )


def configuration(stack: Stack, specs: Iterable[ProcessSpec]) -> str:
    """Return the text of supervisord.conf. Its paths are relative to the state directory, where supervisord starts."""
    specs = list(specs)
    parser = configparser.RawConfigParser()
    parser["supervisord"] = {
        "logfile": "logs/supervisord.log",
        "logfile_maxbytes": "5MB",
        "logfile_backups": "1",
        "pidfile": "run/supervisord.pid",
        "identifier": "night-market",
        **({"user": "root"} if os.geteuid() == 0 else {}),
    }
    parser["inet_http_server"] = {
        "port": f"{HOST}:{stack.ports.supervisor}",
        "username": SUPERVISOR_USER,
        "password": stack.secrets.supervisor,
    }
    parser["rpcinterface:supervisor"] = {
        "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface",
    }
    for priority, group in enumerate(GROUPS, start=1):
        names = [spec.name for spec in specs if spec.group == group]
        if names:
            parser[f"group:{group}"] = {"programs": ",".join(names), "priority": str(priority)}
    for spec in specs:
        parser[f"program:{spec.name}"] = _section(spec)
    text = io.StringIO()
    parser.write(text)
    return text.getvalue()


def _section(spec: ProcessSpec) -> dict[str, str]:
    return {
        "command": _escaped(shlex.join(spec.command)),
        "directory": _escaped(str(spec.folder)),
        "environment": ",".join(f'{name}="{_escaped(value)}"' for name, value in spec.environment.items()),
        **({"user": spec.user} if spec.user else {}),
        "autostart": "true" if spec.group == FIRST_GROUP else "false",
        "autorestart": "true",
        "startretries": "1000",
        "stopsignal": spec.stop_signal,
        "stopwaitsecs": str(STOP_TIMEOUT),
        "killasgroup": "true",
        "redirect_stderr": "true",
        "stdout_logfile": f"logs/{spec.name}.log",
        "stdout_logfile_maxbytes": "10MB",
        "stdout_logfile_backups": "1",
    }


def _escaped(text: str) -> str:
    return text.replace("%", "%%")


def launch(stack: Stack, environment: Mapping[str, str]) -> None:
    """Start supervisord in the background. It starts the first group. Raises `LaptopError` if it does not start."""
    result = subprocess.run(
        [sys.executable, "-m", "supervisor.supervisord", "-c", str(stack.state_dir.supervisor_configuration)],
        cwd=stack.state_dir.path,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if result.returncode:
        raise LaptopError(f"supervisord did not start:\n{result.stdout.strip()}")


@dataclass(frozen=True)
class Process:
    """The state of a process, as supervisord reports it: RUNNING, STARTING, BACKOFF, FATAL, STOPPED, ..."""

    name: str
    group: str
    state: str
    pid: int  # 0 if it does not run
    started: float  # time of the latest start, in seconds since 1970
    uptime: float  # seconds; 0 if it does not run

    @property
    def qualified_name(self) -> str:
        """The name in supervisord's API."""
        return f"{self.group}:{self.name}"

    @property
    def is_kept_running(self) -> bool:
        """Whether supervisord runs it or is about to start it again."""
        return self.state in ("RUNNING", "STARTING", "BACKOFF")


class Supervisor:
    """Client for the supervisord of a running stack. Raises `LaptopError` if it rejects a call or does not answer."""

    def __init__(self, port: int, password: str) -> None:
        self._server: Any = xmlrpc.client.ServerProxy(
            f"http://{SUPERVISOR_USER}:{password}@{HOST}:{port}/RPC2",
            transport=_Transport(),
            allow_none=True,
        )

    def close(self) -> None:
        """Close the connection. The next call opens another one."""
        self._server("close")()

    def is_running(self) -> bool:
        """Return whether supervisord answers and is not shutting down."""
        try:
            return bool(self._server.supervisor.getState()["statename"] == "RUNNING")
        except _UNREACHABLE:
            return False

    def pid(self) -> int:
        """Return the process id of supervisord."""
        return int(self._call("getPID"))

    def processes(self) -> list[Process]:
        """Return all processes, in the order of the configuration."""
        return [
            Process(
                name=entry["name"],
                group=entry["group"],
                state=entry["statename"],
                pid=entry["pid"],
                started=float(entry["start"]),
                uptime=float(entry["now"] - entry["start"]) if entry["pid"] else 0.0,
            )
            for entry in self._call("getAllProcessInfo")
        ]

    def start_group(self, group: str) -> None:
        """Start all processes of a group, without waiting for them."""
        self._call("startProcessGroup", group, False)

    def start(self, process: Process) -> None:
        """Start a process that does not run, without waiting for it."""
        self._call("startProcess", process.qualified_name, False)

    def stop(self, process: Process) -> None:
        """Stop a process and wait until it has ended. Does nothing if it does not run."""
        if process.is_kept_running:
            self._call("stopProcess", process.qualified_name, True)

    def shut_down(self) -> None:
        """Begin to stop all processes and supervisord, without waiting for them."""
        self._call("shutdown")

    def _call(self, method: str, *arguments: object) -> Any:
        try:
            return getattr(self._server.supervisor, method)(*arguments)
        except xmlrpc.client.Fault as fault:
            raise LaptopError(f"supervisord rejected {method}: {fault.faultString}") from fault
        except _UNREACHABLE as error:
            raise LaptopError(f"supervisord does not answer: {error}") from error


class _Transport(xmlrpc.client.Transport):
    """An HTTP transport with a timeout."""

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        connection = super().make_connection(host)
        connection.timeout = _TIMEOUT
        return connection
