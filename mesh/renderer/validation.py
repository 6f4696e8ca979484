"""Checks that concern several resources, or a resource and the platform: unknown names, and contradictions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from mesh.errors import MeshError
from mesh.platform import Platform, Workload
from mesh.renderer.decode import NOT_SUPPORTED, Model
from mesh.renderer.index import PolicyIndex, has_labels, is_wildcard
from mesh.renderer.policies import Policies, Resource
from mesh.renderer.resources import (
    AuthorizationPolicy,
    DestinationRule,
    PeerAuthentication,
    RequestAuthentication,
    ServiceEntry,
    Source,
    TlsMode,
)
from mesh.renderer.traffic import Destination, VirtualService

Spec = TypeVar("Spec", bound=Model)


def validate(policies: Policies, platform: Platform) -> PolicyIndex:
    """Return the index of policies that are valid for a platform. Raises MeshError with every problem."""
    index = PolicyIndex(policies, platform)
    problems = [
        *_namespaces(index),
        *_destination_rules(index),
        *_virtual_services(index),
        *_selectors(index),
        *_callers(index),
        *_jwks_hosts(index),
        *_workloads(index),
    ]
    if problems:
        raise MeshError(problems)
    return index


def _namespaces(index: PolicyIndex) -> Iterator[str]:
    for resource in index.policies.resources:
        if resource.metadata.namespace != index.platform.namespace:
            yield f"{resource}: metadata.namespace is not {index.platform.namespace}"
    for entry in index.policies.of(ServiceEntry):
        unknown = [host for host in entry.spec.hosts if host not in index.platform.externals]
        yield from (f"{entry}: the platform has no address for {host}" for host in unknown)
    if not index.policies.of(PeerAuthentication):
        yield "there is no PeerAuthentication: the renderer does not support a mesh without mutual TLS"


def _one_per_host(
    index: PolicyIndex, resources: Iterable[Resource[Spec]], host_of: Callable[[Spec], str]
) -> Iterator[str]:
    """Check that at most one of the resources is for each host."""
    seen: dict[str, Resource[Spec]] = {}
    for resource in resources:
        first = seen.setdefault(index.platform.full_name(host_of(resource.spec)), resource)
        if first is not resource:
            yield f"{resource}: {first.kind}/{first.name} in {first.file} is for the same host"


def _destination_rules(index: PolicyIndex) -> Iterator[str]:
    rules = index.policies.of(DestinationRule)
    yield from _one_per_host(index, rules, lambda spec: spec.host)
    for resource in rules:
        rule = resource.spec
        names = [subset.name for subset in rule.subsets]
        if len(set(names)) != len(names):
            yield f"{resource}: spec.subsets: two subsets have the same name"
        if rule.subsets and is_wildcard(rule.host):
            yield f"{resource}: spec.subsets {NOT_SUPPORTED} for a wildcard host"
        if not any(index.matches(rule.host, host) for host in index.hosts):
            yield f"{resource}: there is no host {rule.host}"
        yield from _tls(index, resource)


def _tls(index: PolicyIndex, resource: Resource[DestinationRule]) -> Iterator[str]:
    """Check that hosts in the mesh, and no others, are called with mutual TLS."""
    tls = resource.spec.traffic_policy.tls
    # Only for the hosts that the rule applies to: a more specific rule may replace it for others.
    hosts = [host for host in index.hosts if index.destination_rule(host) is resource.spec]
    for place in dict.fromkeys("in" if index.is_in_mesh(host) else "outside" for host in hosts):
        if tls is not None and (tls.mode is TlsMode.DISABLE) == (place == "in"):
            yield f"{resource}: spec.trafficPolicy.tls: {tls.mode.value} is not valid for a host {place} the mesh"


def _virtual_services(index: PolicyIndex) -> Iterator[str]:
    services = index.policies.of(VirtualService)
    yield from _one_per_host(index, services, lambda spec: spec.hosts[0])
    for resource in services:
        host = resource.spec.hosts[0]
        if not index.is_known(index.platform.short_name(host)):
            yield f"{resource}: there is no host {host}"
        for number, route in enumerate(resource.spec.http):
            for destination in dict.fromkeys(route.destinations):
                yield from _destination(index, f"{resource}: spec.http[{number}]", destination)


def _destination(index: PolicyIndex, path: str, destination: Destination) -> Iterator[str]:
    host = index.platform.short_name(destination.host)
    if not index.is_known(host):
        yield f"{path}: there is no host {host}"
    elif destination.subset and destination.subset not in [
        s.name for s in index.destination_rule(host).subsets
    ]:
        yield f"{path}: the DestinationRule for {host} has no subset {destination.subset}"


def _selectors(index: PolicyIndex) -> Iterator[str]:
    selecting: list[Resource[Any]] = [*index.policies.of(AuthorizationPolicy)]
    selecting += index.policies.of(RequestAuthentication)
    for resource in selecting:
        selector = resource.spec.selector
        labels = {} if selector is None else selector.match_labels
        if not any(has_labels(workload, labels) for workload in index.platform.workloads):
            yield f"{resource}: spec.selector matches no workload"


def _callers(index: PolicyIndex) -> Iterator[str]:
    for policy in index.policies.of(AuthorizationPolicy):
        sources = [caller.source for rule in policy.spec.rules for caller in rule.from_]
        yield from (f"{policy}: there is no caller {name}" for name in _unknown(index.platform, sources))


def _unknown(platform: Platform, sources: list[Source]) -> list[str]:
    known = {identity.removeprefix("spiffe://") for identity in platform.identities.values()}
    named = (name for source in sources for name in (*source.principals, *source.not_principals))
    return [name for name in dict.fromkeys(named) if "*" not in name and name not in known]


def _jwks_hosts(index: PolicyIndex) -> Iterator[str]:
    for resource in index.policies.of(RequestAuthentication):
        hosts = dict.fromkeys(index.jwks_host(rule) for rule in resource.spec.jwt_rules)
        yield from (f"{resource}: there is no host {host}" for host in hosts if not index.is_in_mesh(host))


def _workloads(index: PolicyIndex) -> Iterator[str]:
    for workload in index.platform.workloads:
        if _has_duplicate_address(workload):
            yield f"platform: two addresses of {workload.name} are the same"
        unknown = [host for host in workload.calls if not index.is_known(host)]
        yield from (f"platform: {workload.name} calls {host}, which is not a host" for host in unknown)


def _has_duplicate_address(workload: Workload) -> bool:
    addresses = [workload.admin, workload.metrics, *workload.calls.values()]
    addresses += [address for address in (workload.app, workload.inbound) if address is not None]
    return len(set(addresses)) != len(addresses)
