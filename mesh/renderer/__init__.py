"""Renders policies and a platform to the Envoy configuration of each sidecar."""

from __future__ import annotations

from collections.abc import Iterable

from mesh.platform import Platform, Workload
from mesh.renderer import routes, tls
from mesh.renderer.bootstrap import CLUSTERS, LISTENERS, bootstrap
from mesh.renderer.clusters import clusters
from mesh.renderer.documents import Document, resources
from mesh.renderer.index import PolicyIndex
from mesh.renderer.listeners import listeners
from mesh.renderer.policies import Policies
from mesh.renderer.validation import validate

Files = dict[str, Document]  # by file name, such as clusters.yaml
BOOTSTRAP = "envoy.yaml"


def render(policies: Policies, platform: Platform) -> dict[str, Files]:
    """Return the files of each sidecar, by the workload's name. Raises MeshError with every problem."""
    index = validate(policies, platform)
    return {workload.name: _sidecar(index, workload) for workload in platform.workloads}


def _sidecar(index: PolicyIndex, workload: Workload) -> Files:
    tables = {} if workload.inbound is None else {routes.INBOUND: routes.inbound(index, workload)}
    tables |= {host: routes.outbound(index, host) for host in workload.calls}
    return {
        BOOTSTRAP: bootstrap(index.platform, workload),
        LISTENERS: listeners(index, workload),
        CLUSTERS: clusters(index, workload),
        **{routes.file_name(name): resources(table) for name, table in tables.items()},
        **tls.secrets(index.platform, workload.account),
    }


def client_files(platform: Platform, account: str) -> Files:
    """Return the secret files of an Envoy that is not a sidecar, such as the gateway."""
    return tls.secrets(platform, account)


def add_mutual_tls(platform: Platform, account: str, clusters: Iterable[Document]) -> None:
    """Add mutual TLS to the clusters of an Envoy that is not a sidecar, if they are services of the mesh.

    The Envoy calls with the identity of `account`, and expects the files of `client_files` in the folder of that name.
    """
    for cluster in clusters:
        if platform.instances(cluster["name"]):
            cluster["transport_socket"] = tls.outbound(platform, account, cluster["name"])
