"""Listeners: one for calls to the program behind the sidecar, and one for each host that the program calls."""

from __future__ import annotations

from mesh.platform import Address, Workload
from mesh.renderer import rbac, tls
from mesh.renderer.access_log import access_log
from mesh.renderer.direct_responses import local_replies
from mesh.renderer.documents import Document, file_source, resources, socket, typed
from mesh.renderer.index import PolicyIndex
from mesh.renderer.resources import JwtRule
from mesh.renderer.routes import FAULT, INBOUND, cluster_name, file_name
from mesh.renderer.traffic import Destination
from topology import Protocol

# A sidecar forwards requests and responses unchanged.
# - No address counts as internal, as at the gateway. Envoy therefore drops x-envoy-* headers, by which a caller could
#   set timeouts and retries. It accepts x-forwarded-* and does not write them.
# - There is no `tracing`. Services and gateway make spans, and traceparent passes like any other header. The spans of
#   sidecars would add two to each call without new information.
_FORWARD_UNCHANGED: Document = {
    "use_remote_address": False,
    "internal_address_config": {
        "cidr_ranges": [{"address_prefix": "255.255.255.255", "prefix_len": 32}],
    },
    "generate_request_id": False,
    "server_header_transformation": "PASS_THROUGH",
    "forward_client_cert_details": "SANITIZE",
}


def listeners(index: PolicyIndex, workload: Workload) -> Document:
    """Return the listeners file of one sidecar."""
    outbound = [_outbound(index, workload, host, address) for host, address in workload.calls.items()]
    inbound = [] if workload.inbound is None else [_inbound(index, workload, workload.inbound)]
    return resources(*inbound, *outbound)


def _inbound(index: PolicyIndex, workload: Workload, address: Address) -> Document:
    rules = index.jwt_rules(workload)
    filters = [*([_jwt(index, rules)] if rules else []), *rbac.filters()]
    manager = _manager(index, workload, INBOUND, workload.protocol, filters)
    manager |= {
        # Authorization rules compare paths. A path that could be written in two ways could evade a rule.
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "local_reply_config": local_replies(workload),
    }
    security = tls.inbound(index.platform, workload.name, workload.protocol)
    return _listener(INBOUND, address, {"transport_socket": security, "filters": [_network(manager)]})


def _outbound(index: PolicyIndex, workload: Workload, host: str, address: Address) -> Document:
    # The filter is always there and does nothing by default. A fault is set in a route, so that injecting one changes
    # a route file and closes no connection.
    fault = {"name": FAULT, "typed_config": typed("filters.http.fault.v3.HTTPFault")}
    manager = _manager(index, workload, host, index.protocol(host), [fault])
    return _listener(host, address, {"filters": [_network(manager)]})


def _listener(name: str, address: Address, chain: Document) -> Document:
    return typed(
        "envoy.config.listener.v3.Listener",
        name=name,
        address=socket(address),
        per_connection_buffer_limit_bytes=1048576,
        filter_chains=[chain],
    )


def _network(manager: Document) -> Document:
    return {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}


def _manager(
    index: PolicyIndex, workload: Workload, name: str, protocol: Protocol, filters: list[Document]
) -> Document:
    folder = f"{index.platform.folder}/{workload.name}"
    routes = {"route_config_name": name, "config_source": file_source(f"{folder}/{file_name(name)}", folder)}
    router = typed("filters.http.router.v3.Router", suppress_envoy_headers=True)
    return typed(
        "filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix=name,
        codec_type="HTTP2" if protocol is Protocol.GRPC else "HTTP1",
        rds=routes,
        http_filters=[*filters, {"name": "envoy.filters.http.router", "typed_config": router}],
        **_FORWARD_UNCHANGED,
        stream_idle_timeout="0s",  # the caller's deadline ends a call
        common_http_protocol_options={"idle_timeout": "3900s"},  # longer than that of any caller
        access_log=[access_log(workload)],
    )


def _jwt(index: PolicyIndex, rules: tuple[JwtRule, ...]) -> Document:
    providers = {f"provider-{number}": _provider(index, rule) for number, rule in enumerate(rules)}
    # One of the providers must accept the token. A request without a token passes, as in Istio.
    accepted: list[Document] = [{"provider_name": name} for name in providers]
    required = {"requires_any": {"requirements": [*accepted, {"allow_missing": {}}]}}
    config = typed(
        "filters.http.jwt_authn.v3.JwtAuthentication",
        providers=providers,
        rules=[{"match": {"prefix": "/"}, "requires": required}],
    )
    return {"name": "envoy.filters.http.jwt_authn", "typed_config": config}


def _provider(index: PolicyIndex, rule: JwtRule) -> Document:
    cluster = cluster_name(Destination(host=index.jwks_host(rule)))
    return {
        "issuer": rule.issuer,
        **({"audiences": list(rule.audiences)} if rule.audiences else {}),
        "forward": rule.forward_original_token,
        "remote_jwks": {
            "http_uri": {"uri": rule.jwks_uri, "cluster": cluster, "timeout": "2s"},
            "cache_duration": "30s",
            # Without fast_listener, a sidecar would not listen until accounts, which starts later, has answered.
            "async_fetch": {"fast_listener": True, "failed_refetch_duration": "1s"},
        },
    }
