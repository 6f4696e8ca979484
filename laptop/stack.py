"""One stack: its state directory, ports and secrets, and what each service finds in its environment."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from laptop import binaries
from laptop.ports import HOST, Ports
from laptop.state_dir import MARKER, Secrets, StateDir
from topology import SERVICES, Protocol, Service

NATS_USER = SUPERVISOR_USER = "market"
NATS_STORAGE = 1 << 30  # bytes that streams may use on disk
_INHERITED = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TMPDIR", "LOG_LEVEL", "SSL_CERT_FILE")
_INHERITED_PREFIX = "OTEL_"


@dataclass(frozen=True)
class NatsServer:
    """One NATS server with JetStream on 127.0.0.1.

    ``store`` is the directory of its streams, ``storage`` how many bytes they may use there. Without
    ``monitoring_port`` the server has no monitoring endpoint.
    """

    port: int
    password: str
    store: Path
    monitoring_port: int | None = None
    storage: int = NATS_STORAGE

    @property
    def url(self) -> str:
        """The URL for clients."""
        return f"nats://{NATS_USER}:{self.password}@{HOST}:{self.port}"

    def configuration(self) -> str:
        """Return the configuration file's text. NATS reads JSON."""
        settings: dict[str, object] = {
            "listen": f"{HOST}:{self.port}",
            "authorization": {"user": NATS_USER, "password": self.password},
            "jetstream": {
                "store_dir": str(self.store),
                "max_memory_store": 64 << 20,
                "max_file_store": self.storage,
            },
        }
        if self.monitoring_port is not None:
            settings["http"] = f"{HOST}:{self.monitoring_port}"
        return json.dumps(settings, indent=2) + "\n"

    def command(self, configuration: Path) -> list[str]:
        """Return the command line that starts the server with this configuration file."""
        return [str(binaries.nats_server()), "--config", str(configuration)]

    def accepts_connections(self) -> bool:
        """Return whether the server greets a client."""
        with contextlib.suppress(OSError), socket.create_connection((HOST, self.port), timeout=1) as client:
            return client.recv(4) == b"INFO"
        return False


@dataclass(frozen=True)
class Stack:
    """One stack on this machine.

    ``mesh`` says whether there are sidecars. ``address_overrides`` maps (caller, callee) to a port that the caller, or
    its sidecar, connects to instead of the callee; the chaos tool puts its proxies there. A caller is a service or the
    gateway; a callee is a service, `postgres` or `nats`. ``nats_storage`` is how many bytes NATS may store on disk.
    """

    state_dir: StateDir
    ports: Ports
    secrets: Secrets
    services: Sequence[Service] = SERVICES
    address_overrides: Mapping[tuple[str, str], int] = field(default_factory=dict)
    mesh: bool = False
    nats_storage: int = NATS_STORAGE

    @classmethod
    def at(cls, state_dir: StateDir, port: int) -> Stack:
        """Return the stack of this state directory with its gateway at ``port``. Missing secrets are generated."""
        owners = (service.name for service in SERVICES if service.database)
        return cls(state_dir, Ports(port), state_dir.secrets(owners))

    @property
    def url(self) -> str:
        """The gateway's URL."""
        return f"http://{HOST}:{self.ports.gateway}"

    @property
    def nats(self) -> NatsServer:
        """The stack's NATS server."""
        return NatsServer(
            self.ports.nats,
            self.secrets.nats,
            self.state_dir.streams,
            self.ports.nats_monitoring,
            self.nats_storage,
        )

    @property
    def database_owners(self) -> list[Service]:
        """The services that own a database."""
        return [service for service in self.services if service.database]

    def port(self, callee: str, caller: str = "") -> int:
        """Return the port at which ``caller`` reaches a service or a server.

        With a mesh, the calls of a service go to its own sidecar.
        """
        if self.mesh and any(callee in service.calls for service in self.services if service.name == caller):
            return self.ports.outbound(caller, callee)
        return self.target_port(callee, caller)

    def target_port(self, callee: str, caller: str = "") -> int:
        """Return the port of a server, a service or its sidecar, or the override of ``caller`` for it."""
        return self.address_overrides.get((caller, callee), self._listening_port(callee))

    def _listening_port(self, callee: str) -> int:
        servers = {"postgres": self.ports.postgres, "nats": self.ports.nats}
        if callee in servers:
            return servers[callee]
        has_sidecar = self.mesh and any(one.has_sidecar for one in self.services if one.name == callee)
        return self.ports.inbound(callee) if has_sidecar else self.ports.service(callee)

    def service_url(self, name: str) -> str:
        """Return the URL of an HTTP service itself, past gateway and sidecars."""
        return f"http://{HOST}:{self.ports.service(name)}"

    def database_url(self, role: str, database: str, caller: str = "") -> str:
        """Return the URL of a database for ``role``: a service, or the superuser ``postgres``."""
        password = self.secrets.databases.get(role, self.secrets.postgres)
        return f"postgresql://{role}:{password}@{HOST}:{self.port('postgres', caller)}/{database}"

    def nats_url(self, caller: str) -> str:
        """Return the URL at which a service reaches NATS."""
        return replace(self.nats, port=self.port("nats", caller)).url

    def endpoints(self) -> dict[str, Any]:
        """Return the content of `endpoints.json`, as laptop/README.md describes it."""
        return {
            "gateway": self.url,
            "nats": self.nats.url,
            "databases": {
                service.name: self.database_url(service.name, service.name)
                for service in self.database_owners
            },
            "bank": self.service_url("bank"),
            "bankApiKey": self.secrets.bank_api_key,
            "mailDir": str(self.state_dir.mail),
            "admin": {
                service.name: f"http://{HOST}:{self.ports.admin(service.name)}" for service in self.services
            },
            "supervisor": f"http://{SUPERVISOR_USER}:{self.secrets.supervisor}@{HOST}:{self.ports.supervisor}/RPC2",
            "mesh": self.mesh,
        }


def common_environment(state_dir: StateDir, caller: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of every process. Few variables of the caller are inherited, to avoid surprises."""
    inherited = {
        name: value
        for name, value in caller.items()
        if name in _INHERITED or name.startswith(_INHERITED_PREFIX)
    }
    # Few malloc arenas, because most threads wait and each arena costs memory. UTC, so that all logs use one clock.
    return {**inherited, MARKER: str(state_dir.path), "MALLOC_ARENA_MAX": "2", "TZ": "UTC"}


def service_environment(stack: Stack, service: Service, name: str = "") -> dict[str, str]:
    """Return the environment variables of a service, or of another instance of it called ``name``."""
    name = name or service.name
    settings = {
        "SECRET_KEY": stack.secrets.secret_key,
        "BANK_API_KEY": stack.secrets.bank_api_key,
        "MAIL_DIR": str(stack.state_dir.mail),
        "SHOP_URL": stack.url,
    }
    found = {"HOST": HOST, "ADMIN_PORT": str(stack.ports.admin(name))}
    if service.protocol is not Protocol.EVENTS:
        found["PORT"] = str(stack.ports.service(name))
        found["SHARE_PORT"] = "yes"  # with the standby instance during a restart
    if service.database:
        found["DATABASE_URL"] = stack.database_url(service.name, service.name, caller=service.name)
    if service.nats:
        found["NATS_URL"] = stack.nats_url(service.name)
    found.update(_upstreams(stack, service))
    return found | {setting: settings[setting] for setting in service.settings}


def _upstreams(stack: Stack, caller: Service) -> Iterator[tuple[str, str]]:
    protocols = {service.name: service.protocol for service in stack.services}
    for name in caller.calls:
        address = f"{HOST}:{stack.port(name, caller.name)}"
        if protocols[name] is Protocol.GRPC:
            yield f"{name.upper()}_ADDR", address
        else:
            yield f"{name.upper()}_URL", f"http://{address}"
