"""The stack's workloads that have a sidecar. They are the same on every platform."""

from __future__ import annotations

from collections.abc import Callable

from mesh.platform import NAME_LABEL, VERSION_LABEL, Workload
from topology import BANK, CANARY, CANARY_SERVICE, SERVICES, Service

GATEWAY = "gateway"
BANK_HOST = "bank.outside.svc.cluster.local"  # the bank's host name in the policies


def workloads(make: Callable[[Service, str], Workload]) -> tuple[Workload, ...]:
    """Return all workloads. `make` builds each one from a service and the workload's name.

    Recommendations runs in two versions, so that traffic can be shifted between them. A service that neither calls
    others nor is called has no sidecar.
    """
    services = [service for service in SERVICES if service.has_sidecar]
    canary_service = next(service for service in services if service.name == CANARY_SERVICE)
    return (*(make(service, service.name) for service in services), make(canary_service, CANARY))


def labels(service: Service, name: str) -> dict[str, str]:
    """Return the labels of a workload, which policies and subsets select by."""
    return {NAME_LABEL: service.name, VERSION_LABEL: "v2" if name == CANARY else "v1"}


def host(callee: str) -> str:
    """Return the host name of a called service in the policies."""
    return BANK_HOST if callee == BANK else callee
