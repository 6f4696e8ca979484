"""Who calls whom in the market, and what they speak with each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import yaml

from laptop.gateway import ROOT
from tools.chaos.answers import (
    Answers,
    GrpcAnswers,
    HttpAnswers,
    NatsAnswers,
    PostgresAnswers,
    SecureGrpcAnswers,
    SecureHttpAnswers,
)
from topology import Protocol, Service


class Edge(NamedTuple):
    """A way from a caller to a callee."""

    caller: str
    callee: str

    def __str__(self) -> str:
        return f"{self.caller} -> {self.callee}"


def edges(services: Iterable[Service], *, mesh: bool) -> dict[Edge, Callable[[], Answers]]:
    """Every way in the market, with how to know an answer on it; with a mesh it leads from sidecar to sidecar."""
    services = list(services)
    protocol = {service.name: _spoken(service, secure=mesh and service.has_sidecar) for service in services}
    found: dict[Edge, Callable[[], Answers]] = {}
    for name in _behind_the_gateway():
        if name in protocol:
            found[Edge("gateway", name)] = protocol[name]
    for service in services:
        found.update({Edge(service.name, name): protocol[name] for name in service.calls})
        if service.database:
            found[Edge(service.name, "postgres")] = PostgresAnswers
        if service.nats:
            found[Edge(service.name, "nats")] = NatsAnswers
    return found


def _spoken(service: Service, *, secure: bool) -> Callable[[], Answers]:
    if service.protocol is Protocol.GRPC:
        return SecureGrpcAnswers if secure else GrpcAnswers
    return SecureHttpAnswers if secure else HttpAnswers


def _behind_the_gateway() -> list[str]:
    document = yaml.safe_load((ROOT / "gateway" / "envoy.yaml").read_text())
    return [cluster["name"] for cluster in document["static_resources"]["clusters"]]
