"""Routes. Envoy loads them again without closing a connection, so most changes of policies end up here."""

from __future__ import annotations

from mesh.platform import Workload
from mesh.renderer.documents import Document, fraction, typed
from mesh.renderer.index import PolicyIndex
from mesh.renderer.rbac import per_route
from mesh.renderer.traffic import (
    GRPC_STATUSES,
    Abort,
    Destination,
    Fault,
    HttpRoute,
    Match,
    Retries,
    StringMatch,
    Weighted,
)

APP = "app"  # the cluster of the program behind the sidecar
INBOUND = "inbound"
FAULT = "envoy.filters.http.fault"


def cluster_name(destination: Destination) -> str:
    """Return `recommendations`, or `recommendations/v2` for a subset."""
    return f"{destination.host}/{destination.subset}" if destination.subset else destination.host


def file_name(name: str) -> str:
    """Return the file of one route table: `inbound`, or a host. Envoy takes one table from each file."""
    return f"routes-{name}.yaml"


def inbound(index: PolicyIndex, workload: Workload) -> Document:
    """Return the route to the program behind the sidecar, with the rules that authorize callers."""
    action = {
        "cluster": APP,
        "timeout": "0s",  # the caller's timeout ends a call
        # Only requests that the program has not seen: it restarted, and Envoy still used the old connection.
        "retry_policy": {"retry_on": "connect-failure,refused-stream,reset-before-request", "num_retries": 2},
    }
    route = {"match": {"prefix": "/"}, "route": action, "typed_per_filter_config": per_route(index, workload)}
    return _configuration(INBOUND, [route])


def outbound(index: PolicyIndex, host: str) -> Document:
    """Return the routes for calls to a host."""
    return _configuration(host, [entry for route in index.routes(host) for entry in _entries(index, route)])


def _configuration(name: str, routes: list[Document]) -> Document:
    return typed(
        "envoy.config.route.v3.RouteConfiguration",
        name=name,
        virtual_hosts=[{"name": name, "domains": ["*"], "routes": routes}],
    )


def _entries(index: PolicyIndex, route: HttpRoute) -> list[Document]:
    """Return one Envoy route for each match, because an Envoy route has only one."""
    shared: Document = {"route": _action(index, route)}
    if route.fault is not None:
        shared["typed_per_filter_config"] = {FAULT: _fault(route.fault)}
    name = {"name": route.name} if route.name else {}
    return [{**name, "match": _match(match), **shared} for match in route.match or (Match(),)]


def _match(match: Match) -> Document:
    document = {"prefix": "/"} if match.uri is None else _path(match.uri)
    headers = match.headers if match.method is None else {":method": match.method, **match.headers}
    matchers = [{"name": name, "string_match": _text(value)} for name, value in headers.items()]
    return {**document, "headers": matchers} if matchers else document


def _path(match: StringMatch) -> Document:
    return {"path": match.exact} if match.exact is not None else _text(match)


def _text(match: StringMatch) -> Document:
    if match.exact is not None:
        return {"exact": match.exact}
    if match.prefix is not None:
        return {"prefix": match.prefix}
    return {"safe_regex": {"regex": match.regex}}


def _action(index: PolicyIndex, route: HttpRoute) -> Document:
    action = _target(index, route.route)
    action["timeout"] = "0s" if route.timeout is None else str(route.timeout)
    if route.retries.attempts:
        action["retry_policy"] = _retries(route.retries)
    if route.mirror is not None:
        copies = {"default_value": fraction(route.mirror_percentage)}
        action["request_mirror_policies"] = [
            {"cluster": _cluster(index, route.mirror), "runtime_fraction": copies}
        ]
    return action


def _target(index: PolicyIndex, parts: tuple[Weighted, ...]) -> Document:
    if len(parts) == 1:
        return {"cluster": _cluster(index, parts[0].destination)}
    weighted = [{"name": _cluster(index, part.destination), "weight": part.weight or 0} for part in parts]
    return {"weighted_clusters": {"clusters": weighted}}


def _cluster(index: PolicyIndex, destination: Destination) -> str:
    host = index.platform.short_name(destination.host)
    return cluster_name(Destination(host=host, subset=destination.subset))


def _retries(retries: Retries) -> Document:
    policy = {
        "retry_on": ",".join(retries.conditions),
        "num_retries": retries.attempts,
        # A retry goes to another instance if there is one, as in Istio.
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
    document = typed("filters.http.fault.v3.HTTPFault")
    if fault.delay is not None:
        delay = str(fault.delay.fixed_delay)
        document["delay"] = {"fixed_delay": delay, "percentage": fraction(fault.delay.percentage)}
    if fault.abort is not None:
        document["abort"] = {**_status(fault.abort), "percentage": fraction(fault.abort.percentage)}
    return document


def _status(abort: Abort) -> Document:
    if abort.grpc_status is not None:
        return {"grpc_status": GRPC_STATUSES.index(abort.grpc_status)}
    return {"http_status": abort.http_status}
