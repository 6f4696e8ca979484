"""The site of laptop mode: a sidecar for each service, everything on loopback, at ports of the market's block."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from laptop.ports import HOST, Ports
from laptop.topology import SERVICES, Service, Speaks
from mesh.site import NAME_LABEL, VERSION_LABEL, Address, Protocol, Site, Workload

GATEWAY = "gateway"
TWICE, SECOND = "recommendations", "recommendations-v2"
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
    firsts = {service.name: _workload(ports, service) for service in services}
    return Site(
        workloads=(*firsts.values(), _second(firsts[TWICE], ports)),
        folder=str(folder / "sidecars"),
        certificates=str(folder / "certificates"),
        externals={BANK_HOST: Address(HOST, ports.service(BANK))},
        clients=(GATEWAY,),
    )


def _second(first: Workload, ports: Ports) -> Workload:
    """Another version beside the first, under the same host and identity."""
    second = ports.second
    return replace(
        first,
        name=SECOND,
        admin=Address(HOST, second.sidecar_admin),
        metrics=Address(HOST, second.sidecar_metrics),
        app=Address(HOST, second.service),
        inbound=Address(HOST, second.inbound),
        labels={**first.labels, VERSION_LABEL: "v2"},
    )


def host(callee: str) -> str:
    """What a service is called in the mesh."""
    return BANK_HOST if callee == BANK else callee


def _workload(ports: Ports, service: Service) -> Workload:
    return Workload(
        name=service.name,
        service=service.name,
        account=service.name,
        protocol=_PROTOCOLS[service.speaks],
        admin=Address(HOST, ports.sidecar_admin(service.name)),
        metrics=Address(HOST, ports.sidecar_metrics(service.name)),
        app=Address(HOST, ports.service(service.name)),
        inbound=Address(HOST, ports.inbound(service.name)),
        calls={host(name): Address(HOST, ports.outbound(service.name, name)) for name in service.calls},
        labels={NAME_LABEL: service.name, VERSION_LABEL: "v1"},
    )
