"""The site of laptop mode: a sidecar for each service, everything on loopback, at ports of the market's block."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from laptop.ports import HOST, Ports
from mesh.market import BANK_HOST, GATEWAY, host, labels, protocol, workloads
from mesh.site import Address, Site, Workload
from topology import BANK, Service


def laptop_site(ports: Ports, folder: Path) -> Site:
    """The site of the market at these ports, with its files in `folder`."""
    return Site(
        workloads=workloads(partial(_workload, ports)),
        folder=str(folder / "sidecars"),
        certificates=str(folder / "certificates"),
        externals={BANK_HOST: Address(HOST, ports.service(BANK))},
        clients=(GATEWAY,),
    )


def _workload(ports: Ports, service: Service, name: str) -> Workload:
    return Workload(
        name=name,
        service=service.name,
        account=service.name,
        protocol=protocol(service),
        admin=Address(HOST, ports.sidecar_admin(name)),
        metrics=Address(HOST, ports.sidecar_metrics(name)),
        app=Address(HOST, ports.service(name)),
        inbound=Address(HOST, ports.inbound(name)),
        calls={host(other): Address(HOST, ports.outbound(service.name, other)) for other in service.calls},
        labels=labels(service, name),
    )
