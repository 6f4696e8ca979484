"""Policies and a site, turned into what each sidecar is configured with."""

from __future__ import annotations

from collections.abc import Iterable

from mesh.checks import checked
from mesh.lookup import Lookup
from mesh.policies import Policies
from mesh.render import routes, tls
from mesh.render.bootstrap import CLUSTERS, LISTENERS, bootstrap
from mesh.render.clusters import clusters
from mesh.render.listeners import listeners
from mesh.render.types import Document, resources
from mesh.site import Site, Workload

Files = dict[str, Document]  # by name, such as clusters.yaml
BOOTSTRAP = "envoy.yaml"


def render(policies: Policies, site: Site) -> dict[str, Files]:
    """The files of each sidecar, by the workload's name. Raises MeshError with every problem."""
    lookup = checked(policies, site)
    return {workload.name: _sidecar(lookup, workload) for workload in site.workloads}


def _sidecar(lookup: Lookup, workload: Workload) -> Files:
    tables = {} if workload.inbound is None else {routes.INBOUND: routes.inbound(lookup, workload)}
    tables |= {host: routes.outbound(lookup, host) for host in workload.calls}
    return {
        BOOTSTRAP: bootstrap(lookup.site, workload),
        LISTENERS: listeners(lookup, workload),
        CLUSTERS: clusters(lookup, workload),
        **{routes.file_name(name): resources(table) for name, table in tables.items()},
        **tls.secrets(lookup.site, workload.account),
    }


def client_files(site: Site, account: str) -> Files:
    """The files of an Envoy that is no sidecar, such as the gateway: its secrets, for the folder of its name."""
    return tls.secrets(site, account)


def client_transport_socket(site: Site, account: str, callee: str) -> Document:
    """What an Envoy that is no sidecar puts onto its cluster for `callee`, whose address becomes `inbound`'s."""
    return tls.outbound(site, account, callee)


def secure(site: Site, account: str, clusters: Iterable[Document]) -> None:
    """Has an Envoy that is no sidecar speak mutual TLS to those of its clusters that are services of the mesh."""
    for cluster in clusters:
        if site.instances(cluster["name"]):
            cluster["transport_socket"] = client_transport_socket(site, account, cluster["name"])
