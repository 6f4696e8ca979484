"""Where requests go. Envoy reads these again without touching a connection, so most edits of policies end up here."""

from __future__ import annotations

from mesh.lookup import Lookup
from mesh.render.rbac import per_route
from mesh.render.types import Document, share, typed
from mesh.site import Workload
from mesh.traffic import STATUSES, Abort, Destination, Fault, HttpRoute, Match, Retries, StringMatch, Weighted

APP = "app"  # the cluster of the program behind the sidecar
INBOUND = "inbound"
FAULT = "envoy.filters.http.fault"


def cluster_name(destination: Destination) -> str:
    """`recommendations`, or `recommendations/v2` for a subset."""
    return f"{destination.host}/{destination.subset}" if destination.subset else destination.host


def file_name(name: str) -> str:
    """The file of one route table: of `inbound`, or of a host. Envoy takes one from each file."""
    return f"routes-{name}.yaml"


def inbound(lookup: Lookup, workload: Workload) -> Document:
    """To the program itself, for those who may. It ends when the caller's patience does, so it has no timeout here."""
    route = {
        "cluster": APP,
        "timeout": "0s",
        # Only what the program never saw: it has restarted, and its old connection was still in use.
        "retry_policy": {"retry_on": "connect-failure,refused-stream,reset-before-request", "num_retries": 2},
    }
    whole = {"match": {"prefix": "/"}, "route": route, "typed_per_filter_config": per_route(lookup, workload)}
    return _configuration(INBOUND, [whole])


def outbound(lookup: Lookup, host: str) -> Document:
    """To a host that the program calls."""
    parts = [entry for route in lookup.routes(host) for entry in _entries(lookup, route)]
    return _configuration(host, parts)


def _configuration(name: str, routes: list[Document]) -> Document:
    return typed(
        "envoy.config.route.v3.RouteConfiguration",
        name=name,
        virtual_hosts=[{"name": name, "domains": ["*"], "routes": routes}],
    )


def _entries(lookup: Lookup, route: HttpRoute) -> list[Document]:
    rest: Document = {"route": _action(lookup, route)}
    if route.fault is not None:
        rest["typed_per_filter_config"] = {FAULT: _fault(route.fault)}
    named = {"name": route.name} if route.name else {}
    return [{**named, "match": _match(match), **rest} for match in route.match or (Match(),)]


def _match(match: Match) -> Document:
    found = {"prefix": "/"} if match.uri is None else _path(match.uri)
    headers = match.headers if match.method is None else {":method": match.method, **match.headers}
    matchers = [{"name": name, "string_match": _text(value)} for name, value in headers.items()]
    return {**found, "headers": matchers} if matchers else found


def _path(match: StringMatch) -> Document:
    if match.exact is not None:
        return {"path": match.exact}
    if match.prefix is not None:
        return {"prefix": match.prefix}
    return {"safe_regex": {"regex": match.regex}}


def _text(match: StringMatch) -> Document:
    if match.exact is not None:
        return {"exact": match.exact}
    if match.prefix is not None:
        return {"prefix": match.prefix}
    return {"safe_regex": {"regex": match.regex}}


def _action(lookup: Lookup, route: HttpRoute) -> Document:
    action = _where(lookup, route.route)
    action["timeout"] = "0s" if route.timeout is None else str(route.timeout)
    if route.retries.attempts:
        action["retry_policy"] = _retries(route.retries)
    if route.mirror is not None:
        copies = {"default_value": share(route.mirror_percentage)}
        action["request_mirror_policies"] = [
            {"cluster": _cluster(lookup, route.mirror), "runtime_fraction": copies}
        ]
    return action


def _where(lookup: Lookup, parts: tuple[Weighted, ...]) -> Document:
    if len(parts) == 1:
        return {"cluster": _cluster(lookup, parts[0].destination)}
    weighted = [{"name": _cluster(lookup, part.destination), "weight": part.weight or 0} for part in parts]
    return {"weighted_clusters": {"clusters": weighted}}


def _cluster(lookup: Lookup, destination: Destination) -> str:
    return cluster_name(Destination(lookup.site.short(destination.host), destination.subset))


def _retries(retries: Retries) -> Document:
    policy = {
        "retry_on": ",".join(retries.conditions),
        "num_retries": retries.attempts,
        # As in Istio: to another instance, if there is one.
        "retry_host_predicate": [
            {
                "name": "envoy.retry_host_predicates.previous_hosts",
                "typed_config": typed("retry.host.previous_hosts.v3.PreviousHostsPredicate"),
            }
        ],
        "host_selection_retry_max_attempts": 5,
    }
    if retries.per_try_timeout is not None:
        policy["per_try_timeout"] = str(retries.per_try_timeout)
    return policy


def _fault(fault: Fault) -> Document:
    found = typed("filters.http.fault.v3.HTTPFault")
    if fault.delay is not None:
        wait = str(fault.delay.fixed_delay)
        found["delay"] = {"fixed_delay": wait, "percentage": share(fault.delay.percentage)}
    if fault.abort is not None:
        found["abort"] = {**_status(fault.abort), "percentage": share(fault.abort.percentage)}
    return found


def _status(abort: Abort) -> Document:
    if abort.grpc_status is not None:
        return {"grpc_status": STATUSES.index(abort.grpc_status)}
    return {"http_status": abort.http_status}
