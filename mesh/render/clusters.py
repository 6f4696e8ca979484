"""Whom a sidecar calls: the program behind it, and the sidecars of those whom that program calls."""

from __future__ import annotations

import ipaddress

from mesh.lookup import Lookup
from mesh.render import tls
from mesh.render.routes import APP, cluster_name
from mesh.render.types import Document, endpoints, resources, typed
from mesh.resources import HttpPool, OutlierDetection, PortProtocol, TrafficPolicy
from mesh.site import Address, Protocol, Workload
from mesh.traffic import Destination

_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_SERVICES_CLOSE_AFTER = 75.0  # seconds of idleness, those that speak HTTP/1.1
# Envoy's own limit of 1024 would be hit before a policy's where one says nothing.
_UNLIMITED = 2**32 - 1


def clusters(lookup: Lookup, workload: Workload) -> Document:
    """The file for one sidecar."""
    called = [_called(lookup, workload, destination) for destination in lookup.destinations(workload)]
    own = [] if workload.app is None else [_program(workload, workload.app)]
    return resources(*own, *called)


def _program(workload: Workload, address: Address) -> Document:
    # It is a connection inside one machine: what is dead is refused at once.
    idle = "" if workload.protocol is Protocol.GRPC else f"{_SERVICES_CLOSE_AFTER - 15:g}s"
    unlimited = dict.fromkeys(
        ("max_connections", "max_pending_requests", "max_requests", "max_retries"), _UNLIMITED
    )
    return _cluster(
        APP,
        [address],
        connect_timeout="1s",
        circuit_breakers={"thresholds": [unlimited]},
        typed_extension_protocol_options=_protocol(workload.protocol, HttpPool(), idle),
    )


def _called(lookup: Lookup, workload: Workload, destination: Destination) -> Document:
    host = destination.host
    policy = lookup.traffic_policy(host)
    entry = lookup.entry(host)
    if entry is None:
        labels = next((s.labels for s in lookup.rule(host).subsets if s.name == destination.subset), {})
        found = lookup.site.instances(host, labels)
        addresses = [door for instance in found if (door := instance.door)]
        protocol = lookup.site.instances(host)[0].protocol
        secure = {"transport_socket": tls.outbound(lookup.site, workload.name, host)}
    else:
        addresses = [lookup.site.externals[host]]
        protocol = Protocol.GRPC if entry.ports[0].protocol is PortProtocol.GRPC else Protocol.HTTP
        secure = {}
    return _cluster(
        cluster_name(destination), addresses, **_traffic(policy), **secure, **_options(policy, protocol)
    )


def _cluster(name: str, addresses: list[Address], **fields: object) -> Document:
    return typed(
        "envoy.config.cluster.v3.Cluster",
        name=name,
        **_found_by(addresses),
        load_assignment=endpoints(name, *addresses),
        **fields,
    )


def _found_by(addresses: list[Address]) -> Document:
    if all(_is_numeric(address.host) for address in addresses):
        return {"type": "STATIC"}
    lookups = typed(
        "clusters.dns.v3.DnsCluster",
        dns_lookup_family="V4_PREFERRED",
        dns_refresh_rate="5s",
        dns_failure_refresh_rate={"base_interval": "1s", "max_interval": "5s"},
    )
    # A name that nobody knows yet keeps no sidecar from starting.
    return {
        "wait_for_warm_on_init": False,
        "cluster_type": {"name": "envoy.clusters.dns", "typed_config": lookups},
    }


def _is_numeric(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _traffic(policy: TrafficPolicy) -> Document:
    pool = policy.connection_pool
    found: Document = {
        "connect_timeout": str(pool.tcp.connect_timeout or "10s"),
        "lb_policy": policy.load_balancer.simple.value,
        "circuit_breakers": {"thresholds": [_limits(policy)]},
    }
    if policy.outlier_detection is not None:
        found["outlier_detection"] = _outliers(policy.outlier_detection)
    return found


def _limits(policy: TrafficPolicy) -> Document:
    pool = policy.connection_pool
    wanted = {
        "max_connections": pool.tcp.max_connections,
        "max_pending_requests": pool.http.http1_max_pending_requests,
        "max_requests": pool.http.http2_max_requests,
        "max_retries": pool.http.max_retries,
    }
    limits: Document = {name: _UNLIMITED if value is None else value for name, value in wanted.items()}
    if (budget := policy.retry_budget) is not None:
        limits["retry_budget"] = {
            "budget_percent": {"value": budget.percent},
            "min_retry_concurrency": budget.min_retry_concurrency,
        }
    return limits


def _outliers(outliers: OutlierDetection) -> Document:
    found: Document = {"enforcing_success_rate": 0}
    for name, value in (
        ("consecutive_5xx", outliers.consecutive_5xx_errors),
        ("consecutive_gateway_failure", outliers.consecutive_gateway_errors),
    ):
        if value is not None:
            found |= {name: value} if value else {}
            found[f"enforcing_{name}"] = 100 if value else 0
    lengths = {"interval": outliers.interval, "base_ejection_time": outliers.base_ejection_time}
    found |= {name: str(length) for name, length in lengths.items() if length is not None}
    if outliers.max_ejection_percent is not None:
        found["max_ejection_percent"] = outliers.max_ejection_percent
    return found


def _options(policy: TrafficPolicy, protocol: Protocol) -> Document:
    pool = policy.connection_pool.http
    idle = "" if pool.idle_timeout is None else str(pool.idle_timeout)
    # Between sidecars, a machine that is gone without a word is noticed.
    alive = {"connection_keepalive": {"interval": "30s", "timeout": "5s"}}
    return {"typed_extension_protocol_options": _protocol(protocol, pool, idle, alive)}


def _protocol(protocol: Protocol, pool: HttpPool, idle: str, http2: Document | None = None) -> Document:
    common: Document = {"idle_timeout": idle} if idle else {}
    if pool.max_requests_per_connection is not None:
        common["max_requests_per_connection"] = pool.max_requests_per_connection
    speaks = (
        {"http2_protocol_options": http2 or {}}
        if protocol is Protocol.GRPC
        else {"http_protocol_options": {}}
    )
    options: Document = {"@type": f"type.googleapis.com/{_OPTIONS}", "explicit_http_config": speaks}
    if common:
        options["common_http_protocol_options"] = common
    return {_OPTIONS: options}
