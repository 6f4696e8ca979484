"""The programs that supervisord runs: the servers, the sidecars, the services and the gateway."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from laptop import gateway, nats, sidecars
from laptop.environment import Market, service_environment
from laptop.postgres import Installation, server_command
from laptop.server_data import SETTINGS, data_folder
from topology import CANARY, CANARY_SERVICE, Service

ROOT = Path(__file__).resolve().parent.parent

# Groups stop in the opposite of this order; within a group all go at once.
GROUPS = ("servers", "sidecars", "services", "gateway")
FIRST_GROUP, *LATER_GROUPS = GROUPS
STOP_SECONDS = 15  # until a program that was asked to end is killed


@dataclass(frozen=True)
class Program:
    """One process to keep running."""

    name: str
    group: str
    command: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    account: str | None = None
    stop_signal: str = "TERM"
    stop_seconds: int = STOP_SECONDS

    @property
    def supervised_name(self) -> str:
        """What supervisord calls it."""
        return f"{self.group}:{self.name}"


def all_programs(market: Market, postgres: Installation) -> list[Program]:
    """Every program of the market."""
    servers = [_postgres(market, postgres), _nats(market)]
    return [*servers, *_sidecars(market), *_services(market), _gateway(market)]


def nats_configuration(market: Market) -> Path:
    """Where the broker's configuration is written."""
    return market.home.run / "nats.json"


def _postgres(market: Market, postgres: Installation) -> Program:
    data = data_folder(market.home)
    return Program(
        name="postgres",
        group="servers",
        folder=data.parent,
        command=tuple(server_command(postgres, data, market.ports.postgres, SETTINGS)),
        account=postgres.account.name if postgres.account else None,
        stop_signal="INT",  # a "fast" shutdown: it does not wait for clients to leave
    )


def _nats(market: Market) -> Program:
    command = tuple(nats.server_command(nats_configuration(market)))
    return Program(name="nats", group="servers", folder=market.home.path, command=command)


def _sidecars(market: Market) -> list[Program]:
    commands = sidecars.commands(market) if market.mesh else {}
    return [
        Program(name=name, group="sidecars", folder=ROOT, command=tuple(command))
        for name, command in commands.items()
    ]


def _services(market: Market) -> list[Program]:
    firsts = [_service(market, service, service.name) for service in market.services]
    twice = next((service for service in market.services if service.name == CANARY_SERVICE), None)
    return [*firsts, _service(market, twice, CANARY, MODEL="v2")] if market.mesh and twice else firsts


def _service(market: Market, service: Service, name: str, **further: str) -> Program:
    return Program(
        name=name,
        group="services",
        folder=market.home.path,
        command=(sys.executable, "-m", service.name),
        environment=service_environment(market, service, name) | further,
    )


def _gateway(market: Market) -> Program:
    command = tuple(gateway.server_command(market))
    return Program(name="gateway", group="gateway", folder=market.home.path, command=command)
