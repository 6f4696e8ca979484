"""Finds the resources that apply to a host or a workload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol as Interface
from urllib.parse import urlsplit

from mesh.platform import Platform, Workload
from mesh.renderer.policies import Policies
from mesh.renderer.resources import (
    AuthorizationPolicy,
    DestinationRule,
    JwtRule,
    PortProtocol,
    RequestAuthentication,
    Selector,
    ServiceEntry,
    TrafficPolicy,
)
from mesh.renderer.traffic import Destination, HttpRoute, VirtualService, Weighted
from topology import Protocol


class _Selecting(Interface):
    @property
    def selector(self) -> Selector | None: ...


@dataclass(frozen=True)
class PolicyIndex:
    """The policies of a platform, by host and by workload. Hosts are short names."""

    policies: Policies
    platform: Platform

    @property
    def hosts(self) -> tuple[str, ...]:
        """All known hosts: those in the mesh, and those with a ServiceEntry."""
        services = dict.fromkeys(workload.service for workload in self.platform.workloads)
        in_mesh = [service for service in services if self.is_in_mesh(service)]
        return (*in_mesh, *(host for entry in self.policies.of(ServiceEntry) for host in entry.spec.hosts))

    def destination_rule(self, host: str) -> DestinationRule:
        """Return the DestinationRule for a host; one with Istio's defaults if there is none.

        As in Istio, the rule with the most specific host applies, and it replaces all others as a whole: a rule for
        `catalog` takes nothing from a rule for `*.night-market.svc.cluster.local`.
        """
        rules = [r.spec for r in self.policies.of(DestinationRule) if self.matches(r.spec.host, host)]
        return max(
            rules,
            key=lambda rule: (not is_wildcard(rule.host), len(rule.host)),
            default=DestinationRule(host=host),
        )

    def matches(self, pattern: str, host: str) -> bool:
        """Return whether the host of a DestinationRule, which may be a wildcard, matches a host."""
        if is_wildcard(pattern):
            return self.platform.full_name(host).endswith(pattern.removeprefix("*"))
        return self.platform.short_name(pattern) == host

    def traffic_policy(self, host: str) -> TrafficPolicy:
        """Return the traffic policy for calls to a host."""
        return self.destination_rule(host).traffic_policy

    def routes(self, host: str) -> tuple[HttpRoute, ...]:
        """Return the routes for calls to a host; if there is no VirtualService, one that leads to the host."""
        for resource in self.policies.of(VirtualService):
            if host in map(self.platform.short_name, resource.spec.hosts):
                return resource.spec.http
        return (HttpRoute(route=(Weighted(destination=Destination(host=host)),)),)

    def service_entry(self, host: str) -> ServiceEntry | None:
        """Return the ServiceEntry of a host outside the mesh; None if there is none."""
        entries = (resource.spec for resource in self.policies.of(ServiceEntry))
        return next((entry for entry in entries if host in entry.hosts), None)

    def is_in_mesh(self, host: str) -> bool:
        """Return whether a workload with a sidecar serves a host."""
        return any(instance.inbound is not None for instance in self.platform.instances(host))

    def is_known(self, host: str) -> bool:
        """Return whether a host is in the mesh or has a ServiceEntry."""
        return self.is_in_mesh(host) or self.service_entry(host) is not None

    def protocol(self, host: str) -> Protocol:
        """Return the protocol that a known host serves."""
        entry = self.service_entry(host)
        if entry is None:
            return self.platform.instances(host)[0].protocol
        return Protocol.GRPC if entry.ports[0].protocol is PortProtocol.GRPC else Protocol.HTTP

    def destinations(self, workload: Workload) -> tuple[Destination, ...]:
        """Return every destination that a workload's sidecar may call: those of its routes, and of JSON Web Key Sets.

        Subsets that no route leads to are included. A lab may turn traffic to one at any time, and a cluster that
        Envoy has already loaded takes requests at once.
        """
        routed = [
            destination.host
            for host in workload.calls
            for route in self.routes(host)
            for destination in route.destinations
        ]
        jwks = [self.jwks_host(rule) for rule in self.jwt_rules(workload)]
        hosts = dict.fromkeys(map(self.platform.short_name, (*workload.calls, *routed, *jwks)))
        return tuple(
            Destination(host=host, subset=subset)
            for host in hosts
            for subset in ("", *(subset.name for subset in self.destination_rule(host).subsets))
        )

    def authorization_policies(self, workload: Workload) -> tuple[tuple[str, AuthorizationPolicy], ...]:
        """Return the names and specs of the AuthorizationPolicies that select a workload."""
        found = self.policies.of(AuthorizationPolicy)
        return tuple((r.name, r.spec) for r in found if _selects(r.spec, workload))

    def jwt_rules(self, workload: Workload) -> tuple[JwtRule, ...]:
        """Return the rules for the tokens that a workload accepts."""
        found = self.policies.of(RequestAuthentication)
        return tuple(rule for r in found if _selects(r.spec, workload) for rule in r.spec.jwt_rules)

    def jwks_host(self, rule: JwtRule) -> str:
        """Return the host that publishes the keys of a rule."""
        return self.platform.short_name(urlsplit(rule.jwks_uri).hostname or "")


def is_wildcard(host: str) -> bool:
    """Return whether a host is `*`, or a wildcard such as `*.night-market.svc.cluster.local`."""
    return host == "*" or host.startswith("*.")


def _selects(spec: _Selecting, workload: Workload) -> bool:
    return spec.selector is None or has_labels(workload, spec.selector.match_labels)


def has_labels(workload: Workload, wanted: Mapping[str, str]) -> bool:
    """Return whether a workload has all these labels."""
    return wanted.items() <= workload.labels.items()
