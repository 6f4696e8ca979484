"""What single resources don't show: names that nobody has, and two that say different things about one host."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mesh.errors import MeshError
from mesh.lookup import Lookup, has_labels
from mesh.policies import Policies, Resource
from mesh.resources import (
    AuthorizationPolicy,
    DestinationRule,
    PeerAuthentication,
    RequestAuthentication,
    ServiceEntry,
    Source,
    TlsMode,
)
from mesh.site import Site, Workload
from mesh.traffic import Destination, VirtualService


def checked(policies: Policies, site: Site) -> Lookup:
    """The policies for a site. Raises MeshError with every problem."""
    lookup = Lookup(policies, site)
    problems = [*_foreign(lookup), *_rules(lookup), *_routes(lookup), *_guards(lookup), *_calls(lookup)]
    if problems:
        raise MeshError(problems)
    return lookup


def _foreign(lookup: Lookup) -> Iterator[str]:
    for resource in lookup.policies.resources:
        if resource.metadata.namespace != lookup.site.namespace:
            yield f"{resource}: metadata.namespace is not {lookup.site.namespace}"
    for entry in lookup.policies.of(ServiceEntry):
        unplaced = [host for host in entry.spec.hosts if host not in lookup.site.externals]
        yield from (f"{entry}: the site does not say where {host} is" for host in unplaced)
    if not lookup.policies.of(PeerAuthentication):
        yield "no PeerAuthentication is there: the renderer knows no mesh without mutual TLS"


def _is_known(lookup: Lookup, host: str) -> bool:
    return lookup.is_in_the_mesh(host) or lookup.entry(host) is not None


def _once(lookup: Lookup, kind: type[Any], host: Any) -> Iterator[str]:
    """One resource of a kind for each host, and for no other host."""
    seen: dict[str, Resource[Any]] = {}
    for resource in lookup.policies.of(kind):
        name = lookup.site.short(host(resource.spec))
        first = seen.setdefault(name, resource)
        if first is not resource:
            yield f"{resource}: there is another for host {name}, {first.kind}/{first.name} in {first.file}"
        if not _is_known(lookup, name):
            yield f"{resource}: there is no host {name}"


def _rules(lookup: Lookup) -> Iterator[str]:
    yield from _once(lookup, DestinationRule, lambda spec: spec.host)
    for resource in lookup.policies.of(DestinationRule):
        names = [subset.name for subset in resource.spec.subsets]
        if len(set(names)) != len(names):
            yield f"{resource}: spec.subsets: two have one name"
        tls = resource.spec.traffic_policy.tls
        is_outside = lookup.entry(lookup.site.short(resource.spec.host)) is not None
        if tls is not None and (tls.mode is TlsMode.DISABLE) != is_outside:
            place = "outside" if is_outside else "of"
            yield f"{resource}: spec.trafficPolicy.tls: {tls.mode.value} is not for a host {place} the mesh"


def _routes(lookup: Lookup) -> Iterator[str]:
    yield from _once(lookup, VirtualService, lambda spec: spec.hosts[0])
    for resource in lookup.policies.of(VirtualService):
        for number, route in enumerate(resource.spec.http):
            for destination in dict.fromkeys(route.destinations):
                yield from _destination(lookup, f"{resource}: spec.http[{number}]", destination)


def _destination(lookup: Lookup, where: str, destination: Destination) -> Iterator[str]:
    host = lookup.site.short(destination.host)
    if not _is_known(lookup, host):
        yield f"{where}: there is no host {host}"
    elif destination.subset and destination.subset not in [s.name for s in lookup.rule(host).subsets]:
        yield f"{where}: the DestinationRule for {host} has no subset {destination.subset}"


def _guards(lookup: Lookup) -> Iterator[str]:
    guards: list[Resource[Any]] = [*lookup.policies.of(AuthorizationPolicy)]
    guards += lookup.policies.of(RequestAuthentication)
    for resource in guards:
        selector = resource.spec.selector
        labels = {} if selector is None else selector.match_labels
        if not any(has_labels(workload, labels.items()) for workload in lookup.site.workloads):
            yield f"{resource}: spec.selector fits no workload"
    for policy in lookup.policies.of(AuthorizationPolicy):
        sources = [caller.source for rule in policy.spec.rules for caller in rule.from_]
        yield from (f"{policy}: there is no caller {name}" for name in _strangers(lookup.site, sources))
    for tokens in lookup.policies.of(RequestAuthentication):
        hosts = dict.fromkeys(lookup.key_host(rule) for rule in tokens.spec.jwt_rules)
        yield from (f"{tokens}: there is no host {host}" for host in hosts if not lookup.is_in_the_mesh(host))


def _strangers(site: Site, sources: list[Source]) -> list[str]:
    known = {site.identity(account).removeprefix("spiffe://") for account in site.accounts}
    named = (name for source in sources for name in (*source.principals, *source.not_principals))
    return [name for name in dict.fromkeys(named) if "*" not in name and name not in known]


def _calls(lookup: Lookup) -> Iterator[str]:
    for workload in lookup.site.workloads:
        yield from _listeners(workload)
        for host in workload.calls:
            if not _is_known(lookup, host):
                yield f"the site: {workload.name} calls {host}, which is no host"


def _listeners(workload: Workload) -> Iterator[str]:
    taken = [workload.admin, workload.metrics, *workload.calls.values()]
    taken += [address for address in (workload.app, workload.inbound) if address is not None]
    if len(set(taken)) != len(taken):
        yield f"the site: two things of {workload.name} have one address"
