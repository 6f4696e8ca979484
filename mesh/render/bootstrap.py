"""What a sidecar is started with; the rest it reads from the files beside it, again whenever they change."""

from __future__ import annotations

from mesh.render.types import Document, endpoints, file_source, socket, typed
from mesh.site import Site, Workload

CLUSTERS, LISTENERS = "clusters.yaml", "listeners.yaml"
FILES_PAGE = "/files"  # which version of each file is in use, and how many were refused; answered as JSON
_FILES_STATISTICS = "/stats?format=json&filter=(version_text|warming_clusters|update_rejected)$"
_ADMIN = "admin"


def bootstrap(site: Site, workload: Workload) -> Document:
    """`envoy.yaml` of one sidecar."""
    folder = f"{site.folder}/{workload.name}"
    return {
        "node": {"id": workload.name, "cluster": workload.service},
        "admin": {"address": socket(workload.admin)},  # can stop Envoy: for loopback only
        "layered_runtime": {"layers": [{"name": "by-hand", "admin_layer": {}}]},
        "dynamic_resources": {
            "cds_config": file_source(f"{folder}/{CLUSTERS}", folder),
            "lds_config": file_source(f"{folder}/{LISTENERS}", folder),
        },
        "static_resources": {
            "listeners": [_metrics(workload)],
            "clusters": [{"name": _ADMIN, "load_assignment": endpoints(_ADMIN, workload.admin)}],
        },
        "overload_manager": {"resource_monitors": [_connections()]},
    }


def _connections() -> Document:
    limit = typed(
        "resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
        max_active_downstream_connections=900,  # an ordinary user may open 1024 files
    )
    return {"name": "envoy.resource_monitors.global_downstream_max_connections", "typed_config": limit}


def _metrics(workload: Workload) -> Document:
    """For Prometheus and for who changes the files: of the admin interface, only what may be known, to be read."""
    routes = [_reading("/metrics", "/stats/prometheus?usedonly"), _reading(FILES_PAGE, _FILES_STATISTICS)]
    manager = typed(
        "filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix="metrics",
        route_config={"virtual_hosts": [{"name": "metrics", "domains": ["*"], "routes": routes}]},
        http_filters=[
            {"name": "envoy.filters.http.router", "typed_config": typed("filters.http.router.v3.Router")}
        ],
    )
    return {
        "name": "metrics",
        "address": socket(workload.metrics),
        "filter_chains": [
            {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
        ],
    }


def _reading(path: str, page: str) -> Document:
    match = {"path": path, "headers": [{"name": ":method", "string_match": {"exact": "GET"}}]}
    return {"match": match, "route": {"cluster": _ADMIN, "prefix_rewrite": page}}
