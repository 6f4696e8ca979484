"""Clusters: the program behind a sidecar, and every destination that the program calls."""

from __future__ import annotations

import ipaddress

from mesh.platform import Address, Workload
from mesh.renderer import tls
from mesh.renderer.documents import Document, endpoints, resources, typed
from mesh.renderer.index import PolicyIndex
from mesh.renderer.resources import HttpPool, OutlierDetection, TrafficPolicy
from mesh.renderer.routes import APP, cluster_name
from mesh.renderer.traffic import Destination
from topology import Protocol

_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_SERVICE_IDLE_SECONDS = 75.0  # services that speak HTTP/1.1 close a connection after this time
# Istio has no limit if a policy sets none; Envoy's own default of 1024 would take effect.
_UNLIMITED = 2**32 - 1


def clusters(index: PolicyIndex, workload: Workload) -> Document:
    """Return the clusters file of one sidecar."""
    upstreams = [_upstream(index, workload, destination) for destination in index.destinations(workload)]
    own = [] if workload.app is None else [_program(workload, workload.app)]
    return resources(*own, *upstreams)


def _program(workload: Workload, address: Address) -> Document:
    # Envoy closes an idle HTTP/1.1 connection before the service does; otherwise a request could meet the close.
    idle = "" if workload.protocol is Protocol.GRPC else f"{_SERVICE_IDLE_SECONDS - 15:g}s"
    # The callers' sidecars enforce the limits of the policies; a second limit here would only hide which one applied.
    unlimited = dict.fromkeys(
        ("max_connections", "max_pending_requests", "max_requests", "max_retries"), _UNLIMITED
    )
    return _cluster(
        APP,
        [address],
        connect_timeout="1s",  # on loopback, a connection to a stopped program fails at once
        circuit_breakers={"thresholds": [unlimited]},
        typed_extension_protocol_options=_protocol(workload.protocol, HttpPool(), idle),
    )


def _upstream(index: PolicyIndex, workload: Workload, destination: Destination) -> Document:
    host = destination.host
    policy = index.traffic_policy(host)
    if index.service_entry(host) is None:
        subsets = {subset.name: subset.labels for subset in index.destination_rule(host).subsets}
        instances = index.platform.instances(host, subsets.get(destination.subset))
        addresses = [address for instance in instances if (address := instance.inbound_address)]
        security = {"transport_socket": tls.outbound(index.platform, workload.name, host)}
    else:
        addresses = [index.platform.externals[host]]
        security = {}
    return _cluster(
        cluster_name(destination),
        addresses,
        **_traffic(policy),
        **security,
        **_options(policy, index.protocol(host)),
    )


def _cluster(name: str, addresses: list[Address], **fields: object) -> Document:
    return typed(
        "envoy.config.cluster.v3.Cluster",
        name=name,
        **_discovery(addresses),
        load_assignment=endpoints(name, *addresses),
        **fields,
    )


def _discovery(addresses: list[Address]) -> Document:
    if all(_is_ip_address(address.host) for address in addresses):
        return {"type": "STATIC"}
    dns = typed(
        "clusters.dns.v3.DnsCluster",
        dns_lookup_family="V4_PREFERRED",
        dns_refresh_rate="5s",
        dns_failure_refresh_rate={"base_interval": "1s", "max_interval": "5s"},
    )
    # Containers start in any order, so a sidecar starts even if a name does not resolve yet.
    return {
        "wait_for_warm_on_init": False,
        "cluster_type": {"name": "envoy.clusters.dns", "typed_config": dns},
    }


def _is_ip_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _traffic(policy: TrafficPolicy) -> Document:
    pool = policy.connection_pool
    document: Document = {
        "connect_timeout": str(pool.tcp.connect_timeout or "10s"),
        "lb_policy": policy.load_balancer.simple.value,
        "circuit_breakers": {"thresholds": [_limits(policy)]},
    }
    if policy.outlier_detection is not None:
        document["outlier_detection"] = _outlier_detection(policy.outlier_detection)
    return document


def _limits(policy: TrafficPolicy) -> Document:
    pool = policy.connection_pool
    limits = {
        "max_connections": pool.tcp.max_connections,
        "max_pending_requests": pool.http.http1_max_pending_requests,
        "max_requests": pool.http.http2_max_requests,
        "max_retries": pool.http.max_retries,
    }
    document: Document = {name: _UNLIMITED if value is None else value for name, value in limits.items()}
    if (budget := policy.retry_budget) is not None:
        document["retry_budget"] = {
            "budget_percent": {"value": budget.percent},
            "min_retry_concurrency": budget.min_retry_concurrency,
        }
    return document


def _outlier_detection(outliers: OutlierDetection) -> Document:
    # Istio disables ejection by success rate, which Envoy enables by default.
    document: Document = {"enforcing_success_rate": 0}
    for name, value in (
        ("consecutive_5xx", outliers.consecutive_5xx_errors),
        ("consecutive_gateway_failure", outliers.consecutive_gateway_errors),
    ):
        if value is not None:  # 0 disables the check
            document |= {name: value} if value else {}
            document[f"enforcing_{name}"] = 100 if value else 0
    durations = {"interval": outliers.interval, "base_ejection_time": outliers.base_ejection_time}
    document |= {name: str(duration) for name, duration in durations.items() if duration is not None}
    if outliers.max_ejection_percent is not None:
        document["max_ejection_percent"] = outliers.max_ejection_percent
    return document


def _options(policy: TrafficPolicy, protocol: Protocol) -> Document:
    pool = policy.connection_pool.http
    idle = "" if pool.idle_timeout is None else str(pool.idle_timeout)
    # HTTP/2 pings between sidecars detect a machine that disappeared without closing its connections.
    keepalive = {"connection_keepalive": {"interval": "30s", "timeout": "5s"}}
    return {"typed_extension_protocol_options": _protocol(protocol, pool, idle, keepalive)}


def _protocol(protocol: Protocol, pool: HttpPool, idle: str, http2: Document | None = None) -> Document:
    common: Document = {"idle_timeout": idle} if idle else {}
    if pool.max_requests_per_connection is not None:
        common["max_requests_per_connection"] = pool.max_requests_per_connection
    explicit = (
        {"http2_protocol_options": http2 or {}}
        if protocol is Protocol.GRPC
        else {"http_protocol_options": {}}
    )
    options: Document = {"@type": f"type.googleapis.com/{_OPTIONS}", "explicit_http_config": explicit}
    if common:
        options["common_http_protocol_options"] = common
    return {_OPTIONS: options}
