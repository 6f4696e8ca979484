"""Who has a sidecar: the same workloads, whichever way the market runs."""

from __future__ import annotations

from collections.abc import Callable

import topology
from mesh.site import NAME_LABEL, VERSION_LABEL, Protocol, Workload
from topology import BANK, CANARY, CANARY_SERVICE, SERVICES, Service

GATEWAY = "gateway"
BANK_HOST = "bank.outside.svc.cluster.local"  # as the policies call it
_PROTOCOLS = {topology.Protocol.GRPC: Protocol.GRPC, topology.Protocol.HTTP: Protocol.HTTP}


def workloads(place: Callable[[Service, str], Workload]) -> tuple[Workload, ...]:
    """The market's workloads, each as `place` makes it of a service and the workload's name.

    There are two versions of recommendations, so that there is something to shift. Who neither calls nor is called
    has no sidecar: it would have nothing to guard.
    """
    services = [service for service in SERVICES if service.has_sidecar]
    canary_service = next(service for service in services if service.name == CANARY_SERVICE)
    return (*(place(service, service.name) for service in services), place(canary_service, CANARY))


def protocol(service: Service) -> Protocol:
    """How a service is reached."""
    return _PROTOCOLS[service.protocol]


def labels(service: Service, name: str) -> dict[str, str]:
    """What policies know a workload by."""
    return {NAME_LABEL: service.name, VERSION_LABEL: "v2" if name == CANARY else "v1"}


def host(callee: str) -> str:
    """What a service is called in the mesh."""
    return BANK_HOST if callee == BANK else callee
