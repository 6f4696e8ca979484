"""The environment of crash tests: all services that take part in an order, each in a process that is restarted."""

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
from tests.crash import worker
from tests.crash.crash_plan import BoundaryLog, CrashPlan
from tests.support.waiting import wait_until
from tools.audit import Stores

SERVICES = (
    "bank", "catalog", "cart", "inventory", "payments", "shipping", "orders", "notifications", "recommendations",
)  # fmt: skip
DATABASE_OWNERS = (*(service for service in SERVICES if service != "cart"), "accounts")
PORTS = 2 * len(SERVICES)
_BANK_KEY = "the bank's key"
_MAIL = "mail"
_START_TIMEOUT = 60.0


class Environment:
    """A process for each service. A process that ends is restarted, as it would be by supervisord or Kubernetes."""

    def __init__(self, folder: Path, databases: Mapping[str, str], nats_url: str, first_port: int) -> None:
        self.folder = folder
        self.databases = databases
        self.nats_url = nats_url
        numbers = iter(range(first_port, first_port + PORTS))
        ports = {service: (next(numbers), next(numbers)) for service in SERVICES}
        self._configs = {
            service: _config(service, ports, databases, nats_url, folder) for service in SERVICES
        }
        self._defaults = dict(self._configs)
        self._processes: dict[str, BaseProcess] = {}
        self._stopped: set[str] = set()
        self._wake_receiver, self._wake_sender = Pipe(duplex=False)
        self._stopping = False
        self._monitor = threading.Thread(target=self._restart_ended, daemon=True)

    def start(self) -> None:
        """Start all services and wait until they are ready."""
        for service in SERVICES:
            self._start(service)
        self._monitor.start()
        self.wait_until_ready()

    def stop(self) -> None:
        """Kill all services."""
        self._stopping = True
        self._wake_sender.send(None)
        if self._monitor.ident is not None:
            self._monitor.join()
        for process in self._processes.values():
            process.kill()
        for process in self._processes.values():
            process.join()

    def address(self, service: str) -> str:
        """The host:port of a service."""
        return f"127.0.0.1:{self._configs[service].port}"

    def boundary_log(self, service: str) -> BoundaryLog:
        """The boundaries that a service has reached."""
        return BoundaryLog(self.folder, service)

    def crash_plan(self, service: str) -> CrashPlan:
        """The boundaries at which a service has to crash."""
        return CrashPlan(self.folder, service)

    def configure(self, settings: Mapping[str, Mapping[str, Any]]) -> None:
        """Override the default settings of each service, and restart those whose settings change."""
        for service in SERVICES:
            wanted = dataclasses.replace(self._defaults[service], **settings.get(service, {}))
            if wanted != self._configs[service]:
                self._configs[service] = wanted
                self.kill(service)
        self.wait_until_ready()

    def kill(self, service: str) -> None:
        """Kill a service, and return when its next process is started."""
        process = self._processes[service]
        process.kill()
        wait_until(lambda: self._processes[service] is not process)

    @contextmanager
    def without(self, service: str) -> Iterator[None]:
        """Stop a service while the block runs."""
        process = self._processes[service]
        self._stopped.add(service)
        process.kill()
        wait([process.sentinel])
        try:
            yield
        finally:
            self._start(service)
            self._stopped.remove(service)
            self._wake_sender.send(None)

    @property
    def stores(self) -> Stores:
        """The stores for the audit."""
        bank_url = f"http://{self.address('bank')}"
        return Stores(self.databases, bank_url, _BANK_KEY, self.nats_url, self.folder / _MAIL)

    def wait_until_ready(self, *services: str) -> None:
        """Wait until these services are ready, by default all."""
        for service in services or SERVICES:
            wait_until(partial(self._is_ready, service), _START_TIMEOUT)

    def _is_ready(self, service: str) -> bool:
        url = f"http://127.0.0.1:{self._configs[service].admin_port}/readyz"
        try:
            return requests.get(url, timeout=5).status_code == 200
        except requests.ConnectionError:
            return False

    def _start(self, service: str) -> None:
        process = worker.context.Process(
            target=worker.run, args=(self._configs[service], self.folder), name=service, daemon=True
        )
        process.start()
        self._processes[service] = process

    def _restart_ended(self) -> None:
        while not self._stopping:
            by_sentinel = {
                process.sentinel: service
                for service, process in self._processes.items()
                if service not in self._stopped
            }
            ready = wait([self._wake_receiver, *by_sentinel])
            if self._wake_receiver in ready:
                self._wake_receiver.recv()
            for sentinel, service in by_sentinel.items():
                if sentinel in ready and service not in self._stopped and not self._stopping:
                    self._start(service)


def _config(
    service: str,
    ports: Mapping[str, tuple[int, int]],
    databases: Mapping[str, str],
    nats_url: str,
    folder: Path,
) -> ServiceConfig:
    """The service's own Config, with each field that it has in common with `values`."""
    config_class = importlib.import_module(f"{service}.config").Config
    port, admin_port = ports[service]
    values: dict[str, Any] = {
        "port": port,
        "admin_port": admin_port,
        "database_url": databases.get(service, ""),
        "nats_url": nats_url,
        "bank_url": f"http://127.0.0.1:{ports['bank'][0]}",
        "bank_api_key": _BANK_KEY,
        "mail_dir": folder / _MAIL,
        **{f"{name}_addr": f"127.0.0.1:{main}" for name, (main, _) in ports.items()},
    }
    names = {field.name for field in dataclasses.fields(config_class)}
    config: ServiceConfig = config_class(**{name: value for name, value in values.items() if name in names})
    return config
