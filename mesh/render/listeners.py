"""Where a sidecar listens: for the mesh on behalf of its program, and for its program on behalf of whom it calls."""

from __future__ import annotations

from mesh.lookup import Lookup
from mesh.render import rbac, tls
from mesh.render.log import access_log
from mesh.render.replies import local_replies
from mesh.render.routes import FAULT, INBOUND, cluster_name, file_name
from mesh.render.types import Document, file_source, resources, socket, typed
from mesh.resources import JwtRule, PortProtocol
from mesh.site import Address, Protocol, Workload
from mesh.traffic import Destination


def listeners(lookup: Lookup, workload: Workload) -> Document:
    """The file for one sidecar."""
    called = [_outbound(lookup, workload, host, address) for host, address in workload.calls.items()]
    own = [] if workload.inbound is None else [_inbound(lookup, workload, workload.inbound)]
    return resources(*own, *called)


def _inbound(lookup: Lookup, workload: Workload, address: Address) -> Document:
    tokens = lookup.tokens(workload)
    filters = [*([_jwt(lookup, tokens)] if tokens else []), *rbac.filters()]
    manager = _manager(lookup, workload, INBOUND, workload.protocol, filters)
    manager |= {
        # Rules speak of paths, so there must be one way to write each.
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "local_reply_config": local_replies(workload),
    }
    secure = tls.inbound(lookup.site, workload.name, workload.protocol)
    return _listener(INBOUND, address, {"transport_socket": secure, "filters": [_network(manager)]})


def _outbound(lookup: Lookup, workload: Workload, host: str, address: Address) -> Document:
    fault = {"name": FAULT, "typed_config": typed("filters.http.fault.v3.HTTPFault")}
    manager = _manager(lookup, workload, host, _spoken(lookup, host), [fault])
    return _listener(host, address, {"filters": [_network(manager)]})


def _spoken(lookup: Lookup, host: str) -> Protocol:
    entry = lookup.entry(host)
    if entry is None:
        return lookup.site.instances(host)[0].protocol
    return Protocol.GRPC if entry.ports[0].protocol is PortProtocol.GRPC else Protocol.HTTP


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
    lookup: Lookup, workload: Workload, name: str, protocol: Protocol, filters: list[Document]
) -> Document:
    folder = f"{lookup.site.folder}/{workload.name}"
    routes = {"route_config_name": name, "config_source": file_source(f"{folder}/{file_name(name)}", folder)}
    router = typed("filters.http.router.v3.Router", suppress_envoy_headers=True)
    return typed(
        "filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix=name,
        codec_type="HTTP2" if protocol is Protocol.GRPC else "HTTP1",
        rds=routes,
        http_filters=[*filters, {"name": "envoy.filters.http.router", "typed_config": router}],
        **_UNCHANGED,
        stream_idle_timeout="0s",  # the caller's deadline ends a call
        common_http_protocol_options={"idle_timeout": "3900s"},  # later than any caller's own
        access_log=[access_log(workload)],
    )


# A sidecar changes nothing: neither what it is told nor what is answered. As at the gateway nobody is internal, so that
# x-envoy-* headers, which would set timeouts and retries, are dropped; x-forwarded-* are believed, not written.
# No `tracing`: services and gateway make spans, and traceparent passes as any header. A span of each sidecar would be
# two more for each call and would say nothing that the services' own don't.
_UNCHANGED: Document = {
    "use_remote_address": False,
    "internal_address_config": {
        "cidr_ranges": [{"address_prefix": "255.255.255.255", "prefix_len": 32}],
    },
    "generate_request_id": False,
    "server_header_transformation": "PASS_THROUGH",
    "forward_client_cert_details": "SANITIZE",
}


def _jwt(lookup: Lookup, rules: tuple[JwtRule, ...]) -> Document:
    providers = {f"provider-{number}": _provider(lookup, rule) for number, rule in enumerate(rules)}
    # One of them must find it good; a request without a token passes.
    good: list[Document] = [{"provider_name": name} for name in providers]
    required = {"requires_any": {"requirements": [*good, {"allow_missing": {}}]}}
    config = typed(
        "filters.http.jwt_authn.v3.JwtAuthentication",
        providers=providers,
        rules=[{"match": {"prefix": "/"}, "requires": required}],
    )
    return {"name": "envoy.filters.http.jwt_authn", "typed_config": config}


def _provider(lookup: Lookup, rule: JwtRule) -> Document:
    cluster = cluster_name(Destination(lookup.key_host(rule)))
    return {
        "issuer": rule.issuer,
        **({"audiences": list(rule.audiences)} if rule.audiences else {}),
        "forward": rule.forward_original_token,
        "remote_jwks": {
            "http_uri": {"uri": rule.jwks_uri, "cluster": cluster, "timeout": "2s"},
            "cache_duration": "30s",
            "async_fetch": {"fast_listener": True, "failed_refetch_duration": "1s"},
        },
    }
