"""The stack under test: an ephemeral one, with a fault proxy on every connection from a caller to a callee."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import yaml

from laptop import lifecycle
from laptop.ephemeral import free_port_block
from laptop.gateway import ROOT
from laptop.sidecars import process_name
from laptop.stack import Stack
from laptop.state_dir import StateDir
from laptop.terminal import Progress
from tools.chaos import responses
from tools.chaos.proxies import Proxies
from topology import CANARY, Protocol, Service

_INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_NATS_STORAGE = 48 << 20  # bytes: the fault "fill" needs seconds for them


class Edge(NamedTuple):
    """A connection from a caller to a callee."""

    caller: str
    callee: str

    def __str__(self) -> str:
        return f"{self.caller} -> {self.callee}"


def edges(services: Iterable[Service], *, mesh: bool) -> dict[Edge, Callable[[], responses.Detector]]:
    """Return every edge of the stack and its response detector. With a mesh, an edge connects two sidecars."""
    services = list(services)
    detectors = {service.name: _detector(service, tls=mesh and service.has_sidecar) for service in services}
    gateway = yaml.safe_load((ROOT / "gateway" / "envoy.yaml").read_text())["static_resources"]
    names = [cluster["name"] for cluster in gateway["clusters"]]
    found = {Edge("gateway", name): detectors[name] for name in names if name in detectors}
    for service in services:
        found.update({Edge(service.name, name): detectors[name] for name in service.calls})
        if service.database:
            found[Edge(service.name, "postgres")] = responses.PostgresDetector
        if service.nats:
            found[Edge(service.name, "nats")] = responses.NatsDetector
    return found


def _detector(service: Service, *, tls: bool) -> Callable[[], responses.Detector]:
    if service.protocol is Protocol.GRPC:
        return responses.TlsGrpcDetector if tls else responses.GrpcDetector
    return responses.TlsHttpDetector if tls else responses.HttpDetector


def program_names(services: Iterable[Service], *, mesh: bool) -> list[str]:
    """Return the names of all programs that serve requests or handle events."""
    services = list(services)
    names = [*(service.name for service in services), "gateway", "nats", "postgres"]
    if not mesh:
        return names
    with_sidecar = [*(service.name for service in services if service.has_sidecar), CANARY]
    return [*names, CANARY, *map(process_name, with_sidecar)]


def new_stack(folder: Path, *, mesh: bool) -> Stack:
    """Return a stack that is not running yet, with its state in ``folder`` and on free ports."""
    state_dir = StateDir(folder)
    state_dir.create()
    return replace(Stack.at(state_dir, free_port_block()), mesh=mesh, nats_storage=_NATS_STORAGE)


def fault_proxies(stack: Stack) -> Proxies:
    """Return a fault proxy for every edge of the stack."""
    found = edges(stack.services, mesh=stack.mesh)
    upstreams = {str(edge): (stack.target_port(edge.callee), detector) for edge, detector in found.items()}
    return Proxies(upstreams)


def routed_through(proxies: Proxies, stack: Stack) -> Stack:
    """Return the same stack, in which every caller connects to the fault proxy of its edge."""
    found = edges(stack.services, mesh=stack.mesh)
    overrides = {(edge.caller, edge.callee): proxies.ports[str(edge)] for edge in found}
    return replace(stack, address_overrides=overrides)


@contextlib.contextmanager
def running(stack: Stack, environ: Mapping[str, str], progress: Progress, *, keep: bool) -> Iterator[None]:
    """Run the stack during the block, then stop it and delete its state, unless ``keep``."""
    without_telemetry = {name: value for name, value in environ.items() if not name.startswith("OTEL_")}
    try:
        with stack.state_dir.locked():
            lifecycle.start(stack, without_telemetry, progress)
        yield
    finally:
        handlers = {number: signal.signal(number, signal.SIG_IGN) for number in _INTERRUPTS}
        progress.show("stopping the stack ...")
        if keep:
            lifecycle.stop(stack.state_dir)
        else:
            lifecycle.reset(stack.state_dir, progress)
        for number, handler in handlers.items():
            signal.signal(number, handler)
