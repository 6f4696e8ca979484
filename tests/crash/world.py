"""A small market for crash tests: the services that an order touches, each a process that is started again at once."""

from __future__ import annotations

import dataclasses
import importlib
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from multiprocessing import Pipe
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import requests

from chassis.config import ServiceConfig
from tests.crash import child
from tests.crash.notes import Notes
from tests.support.waiting import wait_until
from tools.audit import Stores

SERVICES = (
    "bank", "catalog", "cart", "inventory", "payments", "shipping", "orders", "notifications", "recommendations",
)  # fmt: skip
OWNERS = (*(service for service in SERVICES if service != "cart"), "accounts")  # of databases
PORTS = 2 * len(SERVICES)
_BANK_KEY = "the bank's key"
_MAIL = "mail"
_START_SECONDS = 60.0


class World:
    """A process for each service. One that dies is started again, as supervisord or Kubernetes would."""

    def __init__(self, folder: Path, databases: Mapping[str, str], nats_url: str, first_port: int) -> None:
        self.folder = folder
        self.databases = databases
        self.nats_url = nats_url
        numbers = iter(range(first_port, first_port + PORTS))
        ports = {service: (next(numbers), next(numbers)) for service in SERVICES}
        self._configs = {
            service: _config(service, ports, databases, nats_url, folder) for service in SERVICES
        }
        self._plain = dict(self._configs)
        self._processes: dict[str, BaseProcess] = {}
        self._away: set[str] = set()
        self._woken, self._waker = Pipe(duplex=False)
        self._stopping = False
        self._keeper = threading.Thread(target=self._keep, daemon=True)

    def start(self) -> None:
        """Starts all services and waits until they are ready."""
        for service in SERVICES:
            self._start(service)
        self._keeper.start()
        self.wait_until_ready()

    def stop(self) -> None:
        """Kills all services."""
        self._stopping = True
        self._waker.send(None)
        if self._keeper.ident is not None:
            self._keeper.join()
        for process in self._processes.values():
            process.kill()
        for process in self._processes.values():
            process.join()

    def address(self, service: str) -> str:
        """host:port of a service."""
        return f"127.0.0.1:{self._configs[service].port}"

    def notes(self, service: str) -> Notes:
        """The notes that the service and the test exchange."""
        return Notes(self.folder, service)

    def configure(self, settings: Mapping[str, Mapping[str, Any]]) -> None:
        """Gives each service these settings beside the plain ones; restarts those that had others."""
        for service in SERVICES:
            wanted = dataclasses.replace(self._plain[service], **settings.get(service, {}))
            if wanted != self._configs[service]:
                self._configs[service] = wanted
                self.kill(service)
        self.wait_until_ready()

    def kill(self, service: str) -> None:
        """Kills a service, and returns when it is being started again."""
        process = self._processes[service]
        process.kill()
        wait_until(lambda: self._processes[service] is not process)

    @contextmanager
    def without(self, service: str) -> Iterator[None]:
        """While the block runs, this service is away."""
        process = self._processes[service]
        self._away.add(service)
        process.kill()
        wait([process.sentinel])
        try:
            yield
        finally:
            self._start(service)
            self._away.remove(service)
            self._waker.send(None)

    @property
    def stores(self) -> Stores:
        """Where an audit finds everything."""
        bank_url = f"http://{self.address('bank')}"
        return Stores(self.databases, bank_url, _BANK_KEY, self.nats_url, self.folder / _MAIL)

    def wait_until_ready(self, *services: str) -> None:
        """Waits until these services, or all, are ready."""
        for service in services or SERVICES:
            wait_until(partial(self._is_ready, service), _START_SECONDS)

    def _is_ready(self, service: str) -> bool:
        url = f"http://127.0.0.1:{self._configs[service].admin_port}/readyz"
        try:
            return requests.get(url, timeout=5).status_code == 200
        except requests.ConnectionError:
            return False

    def _start(self, service: str) -> None:
        process = child.context.Process(
            target=child.run, args=(self._configs[service], self.folder), name=service, daemon=True
        )
        process.start()
        self._processes[service] = process

    def _keep(self) -> None:
        while not self._stopping:
            watched = {
                process.sentinel: service
                for service, process in self._processes.items()
                if service not in self._away
            }
            ready = wait([self._woken, *watched])
            if self._woken in ready:
                self._woken.recv()
            for sentinel, service in watched.items():
                if sentinel in ready and service not in self._away and not self._stopping:
                    self._start(service)


def _config(
    service: str,
    ports: Mapping[str, tuple[int, int]],
    databases: Mapping[str, str],
    nats_url: str,
    folder: Path,
) -> ServiceConfig:
    """The service's own Config, each field by its name, as the environment would give it."""
    kind = importlib.import_module(f"{service}.config").Config
    port, admin_port = ports[service]
    known: dict[str, Any] = {
        "port": port,
        "admin_port": admin_port,
        "database_url": databases.get(service, ""),
        "nats_url": nats_url,
        "bank_url": f"http://127.0.0.1:{ports['bank'][0]}",
        "bank_api_key": _BANK_KEY,
        "mail_dir": folder / _MAIL,
        **{f"{name}_addr": f"127.0.0.1:{main}" for name, (main, _) in ports.items()},
    }
    names = {field.name for field in dataclasses.fields(kind)}
    config: ServiceConfig = kind(**{name: value for name, value in known.items() if name in names})
    return config
