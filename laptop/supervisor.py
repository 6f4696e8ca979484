"""supervisord: its configuration, its start, and talking to it while it runs."""

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
from dataclasses import dataclass
from typing import Any

from laptop.environment import Market
from laptop.errors import LaptopError
from laptop.ports import HOST
from laptop.programs import FIRST_GROUP, GROUPS, Program

USER = "market"
_TIMEOUT = 30.0  # seconds for one answer; stopping a program may take half of it
_UNREACHABLE = (OSError, http.client.HTTPException, xmlrpc.client.Error)


def configuration(market: Market, programs: Iterable[Program]) -> str:
    """supervisord.conf. Its own files are relative to the folder that it is started in, the market's."""
    programs = list(programs)
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
        "port": f"{HOST}:{market.ports.supervisor}",
        "username": USER,
        "password": market.secrets.supervisor,
    }
    parser["rpcinterface:supervisor"] = {
        "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface",
    }
    for priority, group in enumerate(GROUPS, start=1):
        names = [program.name for program in programs if program.group == group]
        if names:
            parser[f"group:{group}"] = {"programs": ",".join(names), "priority": str(priority)}
    for program in programs:
        parser[f"program:{program.name}"] = _program_section(program)
    text = io.StringIO()
    parser.write(text)
    return text.getvalue()


def _program_section(program: Program) -> dict[str, str]:
    return {
        "command": _escaped(shlex.join(program.command)),
        "directory": _escaped(str(program.folder)),
        "environment": ",".join(f'{name}="{_escaped(value)}"' for name, value in program.environment.items()),
        **({"user": program.account} if program.account else {}),
        "autostart": "true" if program.group == FIRST_GROUP else "false",
        "autorestart": "true",
        "startretries": "1000",
        "stopsignal": program.stop_signal,
        "stopwaitsecs": str(program.stop_seconds),
        "killasgroup": "true",
        "redirect_stderr": "true",
        "stdout_logfile": f"logs/{program.name}.log",
        "stdout_logfile_maxbytes": "10MB",
        "stdout_logfile_backups": "1",
    }


def _escaped(text: str) -> str:
    return text.replace("%", "%%")


def launch(market: Market, environment: Mapping[str, str]) -> None:
    """Start supervisord in the background; it starts the first group of programs."""
    result = subprocess.run(
        [sys.executable, "-m", "supervisor.supervisord", "-c", str(market.home.supervisor_configuration)],
        cwd=market.home.path,
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
    """What supervisord says about a program. ``state`` is RUNNING, STARTING, BACKOFF, FATAL, STOPPED, ..."""

    name: str
    group: str
    state: str
    pid: int
    started: float  # seconds since 1970, of the last try
    uptime: float  # seconds; 0 if it does not run

    @property
    def supervised_name(self) -> str:
        """What supervisord calls it."""
        return f"{self.group}:{self.name}"

    @property
    def is_kept_running(self) -> bool:
        """Whether supervisord runs it or is about to try again."""
        return self.state in ("RUNNING", "STARTING", "BACKOFF")


class Supervisor:
    """The running supervisord of a market."""

    def __init__(self, port: int, password: str) -> None:
        self._server: Any = xmlrpc.client.ServerProxy(
            f"http://{USER}:{password}@{HOST}:{port}/RPC2",
            transport=_Transport(),
            allow_none=True,
        )

    def close(self) -> None:
        """Close the connection to it; the next call opens another."""
        self._server("close")()

    def answers(self) -> bool:
        """Whether it is there and at work, not about to end."""
        try:
            return bool(self._server.supervisor.getState()["statename"] == "RUNNING")
        except _UNREACHABLE:
            return False

    def pid(self) -> int:
        """The process id of supervisord itself."""
        return int(self._call("getPID"))

    def processes(self) -> list[Process]:
        """All programs, in the order of the configuration."""
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
        """Start all programs of a group; returns at once."""
        self._call("startProcessGroup", group, False)

    def start(self, process: Process) -> None:
        """Start a program that is not kept running; returns at once."""
        self._call("startProcess", process.supervised_name, False)

    def stop(self, process: Process) -> None:
        """Stop a program and wait until it has ended; fine if it does not run."""
        if process.is_kept_running:
            self._call("stopProcess", process.supervised_name, True)

    def shut_down(self) -> None:
        """Begin to stop everything and supervisord itself; returns at once."""
        self._call("shutdown")

    def _call(self, method: str, *arguments: object) -> Any:
        try:
            return getattr(self._server.supervisor, method)(*arguments)
        except xmlrpc.client.Fault as fault:
            raise LaptopError(f"supervisord refused to {method}: {fault.faultString}") from fault
        except _UNREACHABLE as error:
            raise LaptopError(f"supervisord does not answer: {error}") from error


class _Transport(xmlrpc.client.Transport):
    """Gives up on an answer that does not come."""

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        connection = super().make_connection(host)
        connection.timeout = _TIMEOUT
        return connection
