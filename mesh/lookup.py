"""The policies as they hold for a site: which resources are about a host or a workload."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol as Shape
from urllib.parse import urlsplit

from mesh.policies import Policies
from mesh.resources import (
    AuthorizationPolicy,
    DestinationRule,
    JwtRule,
    RequestAuthentication,
    Selector,
    ServiceEntry,
    TrafficPolicy,
)
from mesh.site import Site, Workload
from mesh.traffic import Destination, HttpRoute, VirtualService, Weighted


class _Selective(Shape):
    @property
    def selector(self) -> Selector | None: ...


@dataclass(frozen=True)
class Lookup:
    """Answers what the renderer asks. Hosts are given in their short form."""

    policies: Policies
    site: Site

    def rule(self, host: str) -> DestinationRule:
        """How a host is called; Istio's own ways where nobody says."""
        found = (r.spec for r in self.policies.of(DestinationRule) if self.site.short(r.spec.host) == host)
        return next(found, DestinationRule(host))

    def traffic_policy(self, host: str) -> TrafficPolicy:
        """How a host is called."""
        return self.rule(host).traffic_policy

    def routes(self, host: str) -> tuple[HttpRoute, ...]:
        """Where requests to a host go; straight to it where nobody says."""
        for found in self.policies.of(VirtualService):
            if host in map(self.site.short, found.spec.hosts):
                return found.spec.http
        return (HttpRoute((Weighted(Destination(host)),)),)

    def entry(self, host: str) -> ServiceEntry | None:
        """What is said about a host outside the mesh."""
        entries = (found.spec for found in self.policies.of(ServiceEntry))
        return next((entry for entry in entries if host in entry.hosts), None)

    def is_in_the_mesh(self, host: str) -> bool:
        """Whether a workload takes calls for a host."""
        return any(instance.inbound is not None for instance in self.site.instances(host))

    def destinations(self, workload: Workload) -> tuple[Destination, ...]:
        """Everybody whom a workload's sidecar may call: the hosts of its routes, and those who have keys for it.

        With all subsets, whoever gets requests now: one that is there already is ready when routes turn to it.
        """
        routed = [
            d.host for host in workload.calls for route in self.routes(host) for d in route.destinations
        ]
        keys = [self.key_host(rule) for rule in self.tokens(workload)]
        hosts = dict.fromkeys(map(self.site.short, (*workload.calls, *routed, *keys)))
        return tuple(
            Destination(host, subset)
            for host in hosts
            for subset in ("", *(subset.name for subset in self.rule(host).subsets))
        )

    def authorization(self, workload: Workload) -> tuple[tuple[str, AuthorizationPolicy], ...]:
        """The policies that say who may call a workload, by name."""
        found = self.policies.of(AuthorizationPolicy)
        return tuple((r.name, r.spec) for r in found if _is_about(r.spec, workload))

    def tokens(self, workload: Workload) -> tuple[JwtRule, ...]:
        """Which tokens a workload takes."""
        found = self.policies.of(RequestAuthentication)
        return tuple(rule for r in found if _is_about(r.spec, workload) for rule in r.spec.jwt_rules)

    def key_host(self, rule: JwtRule) -> str:
        """Who publishes the keys that tokens are checked with."""
        return self.site.short(urlsplit(rule.jwks_uri).hostname or "")


def _is_about(spec: _Selective, workload: Workload) -> bool:
    return spec.selector is None or has_labels(workload, spec.selector.match_labels.items())


def has_labels(workload: Workload, wanted: Iterable[tuple[str, str]]) -> bool:
    """Whether a workload has all these labels."""
    return set(wanted) <= set(workload.labels.items())
