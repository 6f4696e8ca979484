"""The site of containers: a service and its sidecar share the network of a pod, and each thing has one port in all.

A pod gives its service loopback addresses for the names of its neighbours; there its sidecar listens for it. What a
service is told is therefore the same with the mesh and without.
"""

from __future__ import annotations

from pathlib import Path

from mesh.market import BANK_HOST, GATEWAY, host, labels, protocol, workloads
from mesh.render import secure
from mesh.render.types import Document, endpoints
from mesh.site import Address, Site, Workload
from topology import SERVICES, Service

PORT = 8000  # every service's
ADMIN, INBOUND, METRICS = 15000, 15006, 15090  # where people who know Istio look for them
THE_BANK = Address("bank.outside", PORT)  # not `bank`, which in payments' pod is the sidecar
_LOOPBACK, _ALL = "127.0.0.1", "0.0.0.0"  # noqa: S104 - of a container


def containers_site(folder: Path) -> Site:
    """The site of the market in containers, with the sidecars' files in `folder`."""
    return Site(
        workloads=workloads(_workload),
        folder=str(folder / "sidecars"),
        certificates=str(folder / "certificates"),
        externals={BANK_HOST: THE_BANK},
        clients=(GATEWAY,),
    )


def pod(workload: str) -> str:
    """The container whose network a workload shares with its sidecar; others find it by this name."""
    return f"{workload}-pod"


def neighbour(callee: str) -> str:
    """The IP address at which a sidecar listens for calls of its service to `callee`."""
    names = [service.name for service in SERVICES]
    return f"127.0.1.{names.index(callee) + 1}"


def _workload(service: Service, name: str) -> Workload:
    return Workload(
        name=name,
        service=service.name,
        account=service.name,
        protocol=protocol(service),
        admin=Address(_LOOPBACK, ADMIN),
        metrics=Address(_ALL, METRICS),
        app=Address(_LOOPBACK, PORT),
        inbound=Address(_ALL, INBOUND),
        reached_at=Address(pod(name), INBOUND),
        calls={host(other): Address(neighbour(other), PORT) for other in service.calls},
        labels=labels(service, name),
    )


def gateway_configuration(site: Site, document: Document) -> Document:
    """The gateway's envoy.yaml, led to the sidecars of those whom it calls."""
    clusters = document["static_resources"]["clusters"]
    for cluster in clusters:
        # As on a laptop: it is the project's own version that the gateway calls.
        for workload in site.workloads:
            if workload.name == cluster["name"] and workload.door is not None:
                cluster["load_assignment"] = endpoints(workload.name, workload.door)
    secure(site, GATEWAY, clusters)
    return document
