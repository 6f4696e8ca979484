"""The bootstrap configuration of a sidecar. Envoy loads all else from the files beside it, each time they change."""

from __future__ import annotations

from mesh.platform import Platform, Workload
from mesh.renderer.documents import Document, endpoints, file_source, socket, typed

CLUSTERS, LISTENERS = "clusters.yaml", "listeners.yaml"
FILES_PAGE = "/files"  # JSON: the version of each file in use, and the number of rejected files
_FILES_STATISTICS = "/stats?format=json&filter=(version_text|warming_clusters|update_rejected)$"
_ADMIN = "admin"


def bootstrap(platform: Platform, workload: Workload) -> Document:
    """Return `envoy.yaml` of one sidecar."""
    folder = f"{platform.folder}/{workload.name}"
    return {
        "node": {"id": workload.name, "cluster": workload.service},
        # The admin interface can stop Envoy, so it listens on loopback only.
        "admin": {"address": socket(workload.admin)},
        # An admin layer, so that runtime values can be set through the admin interface.
        "layered_runtime": {"layers": [{"name": "admin", "admin_layer": {}}]},
        "dynamic_resources": {
            "cds_config": file_source(f"{folder}/{CLUSTERS}", folder),
            "lds_config": file_source(f"{folder}/{LISTENERS}", folder),
        },
        "static_resources": {
            "listeners": [_metrics(workload)],
            "clusters": [{"name": _ADMIN, "load_assignment": endpoints(_ADMIN, workload.admin)}],
        },
        "overload_manager": {"resource_monitors": [_connection_limit()]},
    }


def _connection_limit() -> Document:
    limit = typed(
        "resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
        max_active_downstream_connections=900,  # a process may open 1024 files by default
    )
    return {"name": "envoy.resource_monitors.global_downstream_max_connections", "typed_config": limit}


def _metrics(workload: Workload) -> Document:
    """Return a listener that exposes two read-only pages of the admin interface, for Prometheus and for the agent."""
    routes = [_page("/metrics", "/stats/prometheus?usedonly"), _page(FILES_PAGE, _FILES_STATISTICS)]
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


def _page(path: str, admin_path: str) -> Document:
    match = {"path": path, "headers": [{"name": ":method", "string_match": {"exact": "GET"}}]}
    return {"match": match, "route": {"cluster": _ADMIN, "prefix_rewrite": admin_path}}
