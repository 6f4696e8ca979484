"""The platform of containers: a service and its sidecar share the network of a pod, and ports are the same in all pods.

Inside a pod, the names of the services that its own service calls resolve to loopback addresses at which the sidecar
listens. A service therefore has the same configuration with the mesh and without it.
"""

from __future__ import annotations

from pathlib import Path

from mesh.platform import Address, Platform, Workload
from mesh.renderer import add_mutual_tls
from mesh.renderer.documents import Document, endpoints
from mesh.workloads import BANK_HOST, GATEWAY, host, labels, workloads
from topology import SERVICES, Service

PORT = 8000  # of every service
ADMIN, INBOUND, METRICS = 15000, 15006, 15090  # the same as in Istio
_BANK = Address("bank.outside", PORT)  # not `bank`: in the pod of payments, that name is the sidecar
_LOOPBACK, _ALL = "127.0.0.1", "0.0.0.0"  # noqa: S104 - inside a container


def container_platform(folder: Path) -> Platform:
    """Return the platform of containers, with the sidecars' files in `folder`."""
    return Platform(
        workloads=workloads(_workload),
        folder=str(folder / "sidecars"),
        certificates=str(folder / "certificates"),
        externals={BANK_HOST: _BANK},
        clients=(GATEWAY,),
    )


def pod(workload: str) -> str:
    """Return the name of the container that holds the network of a workload and its sidecar."""
    return f"{workload}-pod"


def outbound_host(callee: str) -> str:
    """Return the IP address at which a sidecar listens for its service's calls to `callee`."""
    names = [service.name for service in SERVICES]
    return f"127.0.1.{names.index(callee) + 1}"


def _workload(service: Service, name: str) -> Workload:
    return Workload(
        name=name,
        service=service.name,
        account=service.name,
        protocol=service.protocol,
        admin=Address(_LOOPBACK, ADMIN),
        metrics=Address(_ALL, METRICS),
        app=Address(_LOOPBACK, PORT),
        inbound=Address(_ALL, INBOUND),
        advertised=Address(pod(name), INBOUND),
        calls={host(other): Address(outbound_host(other), PORT) for other in service.calls},
        labels=labels(service, name),
    )


def gateway_config(platform: Platform, document: Document) -> Document:
    """Return the gateway's envoy.yaml, changed so that its clusters connect to sidecars with mutual TLS."""
    clusters = document["static_resources"]["clusters"]
    for cluster in clusters:
        # A cluster has the name of a service, and so of its v1 workload: the gateway does not call recommendations-v2.
        for workload in platform.workloads:
            if workload.name == cluster["name"] and workload.inbound_address is not None:
                cluster["load_assignment"] = endpoints(workload.name, workload.inbound_address)
    add_mutual_tls(platform, GATEWAY, clusters)
    return document
