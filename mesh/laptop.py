"""The site of laptop mode: a sidecar for each service, everything on loopback, at ports of the market's block."""

from __future__ import annotations

from pathlib import Path

from laptop.ports import HOST, Ports
from laptop.topology import SECOND, SERVICES, TWICE, Service, Speaks
from mesh.site import NAME_LABEL, VERSION_LABEL, Address, Protocol, Site, Workload

GATEWAY = "gateway"
BANK = "bank"
BANK_HOST = "bank.outside.svc.cluster.local"  # as the policies call it
_PROTOCOLS = {Speaks.GRPC: Protocol.GRPC, Speaks.HTTP: Protocol.HTTP}


def laptop_site(ports: Ports, folder: Path) -> Site:
    """The site of the market at these ports, with its files in `folder`.

    There are two versions of recommendations, so that there is something to shift. Who neither calls nor is called
    has no sidecar: it would have nothing to guard.
    """
    services = [
        service for service in SERVICES if service.name != BANK and service.speaks is not Speaks.EVENTS
    ]
    firsts = [_workload(ports, service, service.name, "v1") for service in services]
    twice = next(service for service in services if service.name == TWICE)
    return Site(
        workloads=(*firsts, _workload(ports, twice, SECOND, "v2")),
        folder=str(folder / "sidecars"),
        certificates=str(folder / "certificates"),
        externals={BANK_HOST: Address(HOST, ports.service(BANK))},
        clients=(GATEWAY,),
    )


def host(callee: str) -> str:
    """What a service is called in the mesh."""
    return BANK_HOST if callee == BANK else callee


def _workload(ports: Ports, service: Service, name: str, version: str) -> Workload:
    return Workload(
        name=name,
        service=service.name,
        account=service.name,
        protocol=_PROTOCOLS[service.speaks],
        admin=Address(HOST, ports.sidecar_admin(name)),
        metrics=Address(HOST, ports.sidecar_metrics(name)),
        app=Address(HOST, ports.service(name)),
        inbound=Address(HOST, ports.inbound(name)),
        calls={host(other): Address(HOST, ports.outbound(service.name, other)) for other in service.calls},
        labels={NAME_LABEL: service.name, VERSION_LABEL: version},
    )
