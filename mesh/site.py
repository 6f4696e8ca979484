"""What differs between the ways to run: which workloads there are, and where everything listens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

NAMESPACE = "night-market"
TRUST_DOMAIN = "cluster.local"
NAME_LABEL = "app.kubernetes.io/name"  # what policies select by; Istio takes its canonical names from it
VERSION_LABEL = "version"  # what subsets select by, as in Istio's documentation


class Protocol(Enum):
    """How a workload is reached."""

    GRPC = "grpc"
    HTTP = "http"
    NONE = "none"  # not at all


@dataclass(frozen=True)
class Address:
    """Where somebody listens: an IP address or a name, and a port."""

    host: str
    port: int


@dataclass(frozen=True)
class Workload:
    """One running program with a sidecar.

    `name` is its own, `service` the host name that it is called by, together with other instances and versions.
    `account` is its identity. `app` is where the program itself listens, `inbound` where its sidecar does for it;
    neither for who speaks `Protocol.NONE`. `reached_at` is where others find that sidecar, if not at `inbound`, which
    may be 0.0.0.0 in a container. `calls` says by host where the sidecar listens for the program's
    calls.
    """

    name: str
    service: str
    account: str
    protocol: Protocol
    admin: Address
    metrics: Address
    app: Address | None = None
    inbound: Address | None = None
    reached_at: Address | None = None
    calls: Mapping[str, Address] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def door(self) -> Address | None:
        """Where the other sidecars call this one."""
        return self.reached_at or self.inbound

    @property
    def statistics(self) -> Address:
        """Where others read of it: `/metrics`, and `/files`, which tells how it is with its files."""
        return self.metrics if self.reached_at is None else replace(self.metrics, host=self.reached_at.host)


@dataclass(frozen=True)
class Site:
    """One way to run the market.

    `folder` and `certificates` are where the sidecars find their files: `folder`/<workload>/listeners.yaml and
    `certificates`/<account>/current/key.pem. `externals` says where hosts outside the mesh really are, `clients` which
    accounts call without a sidecar that is rendered here, such as the gateway, which is an Envoy itself.
    """

    workloads: tuple[Workload, ...]
    folder: str
    certificates: str
    externals: Mapping[str, Address] = field(default_factory=dict)
    clients: tuple[str, ...] = ()
    namespace: str = NAMESPACE
    trust_domain: str = TRUST_DOMAIN

    @property
    def accounts(self) -> tuple[str, ...]:
        """Everybody who needs a certificate, once."""
        return tuple(dict.fromkeys([*(workload.account for workload in self.workloads), *self.clients]))

    def identity(self, account: str) -> str:
        """The SPIFFE identity of an account."""
        return f"spiffe://{self.trust_domain}/ns/{self.namespace}/sa/{account}"

    def instances(self, service: str, labels: Mapping[str, str] | None = None) -> tuple[Workload, ...]:
        """The workloads behind a host; with labels, only those that have all of them."""
        wanted = (labels or {}).items()
        return tuple(w for w in self.workloads if w.service == service and wanted <= w.labels.items())

    def short(self, host: str) -> str:
        """A host as it is called inside the namespace: `orders` for orders.night-market.svc.cluster.local."""
        whole = f".{self.namespace}.svc.{self.trust_domain}"
        for ending in (whole, f".{self.namespace}.svc", f".{self.namespace}"):
            if host.endswith(ending):
                return host.removesuffix(ending)
        return host
