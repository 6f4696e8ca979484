"""What differs between the ways to run the stack: the workloads that exist, and the address of everything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from topology import Protocol

NAMESPACE = "night-market"
TRUST_DOMAIN = "cluster.local"
NAME_LABEL = (
    "app.kubernetes.io/name"  # selected by policies; Istio derives a workload's canonical name from it
)
VERSION_LABEL = "version"  # selected by subsets, as in Istio's documentation


@dataclass(frozen=True)
class Address:
    """An IP address or a host name, and a port."""

    host: str
    port: int


@dataclass(frozen=True)
class Workload:
    """One running program with a sidecar.

    `name` is unique. `service` is the host name that callers use; several instances and versions may share it.
    `account` is the service account, from which the workload's identity follows.

    The program listens at `app`. Its sidecar listens for callers at `inbound`, and at `calls[host]` for the program's
    own calls to `host`. Callers connect to `advertised` if it is set (in a container, `inbound` may be 0.0.0.0), else
    to `inbound`. A program that only consumes events (`Protocol.EVENTS`) has neither `app` nor `inbound`.
    """

    name: str
    service: str
    account: str
    protocol: Protocol
    admin: Address
    metrics: Address
    app: Address | None = None
    inbound: Address | None = None
    advertised: Address | None = None
    calls: Mapping[str, Address] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def inbound_address(self) -> Address | None:
        """The address that other sidecars connect to."""
        return self.advertised or self.inbound

    @property
    def status_address(self) -> Address:
        """The address of the sidecar's `/metrics` and `/files` pages, as others reach it."""
        return self.metrics if self.advertised is None else replace(self.metrics, host=self.advertised.host)


@dataclass(frozen=True)
class Platform:
    """One way to run the stack.

    Sidecars read `<folder>/<workload>/listeners.yaml` and so on, and `<certificates>/<account>/current/key.pem` and so
    on. `externals` maps hosts outside the mesh to their addresses. `clients` are accounts that call services without a
    sidecar rendered here; the gateway is one, because it is an Envoy itself.
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
        """Every account that needs a certificate, once each."""
        return tuple(dict.fromkeys([*(workload.account for workload in self.workloads), *self.clients]))

    @property
    def identities(self) -> dict[str, str]:
        """The SPIFFE identity of each account."""
        return {account: self.identity(account) for account in self.accounts}

    def identity(self, account: str) -> str:
        """Return the SPIFFE identity of an account."""
        return f"spiffe://{self.trust_domain}/ns/{self.namespace}/sa/{account}"

    def workload(self, name: str) -> Workload:
        """Return the workload of this name. Raises KeyError if there is none."""
        for workload in self.workloads:
            if workload.name == name:
                return workload
        raise KeyError(name)

    def instances(self, service: str, labels: Mapping[str, str] | None = None) -> tuple[Workload, ...]:
        """Return the workloads behind a host; if labels are given, only those that have all of them."""
        wanted = (labels or {}).items()
        return tuple(w for w in self.workloads if w.service == service and wanted <= w.labels.items())

    def full_name(self, host: str) -> str:
        """Return a host's fully qualified name: orders.night-market.svc.cluster.local for `orders`."""
        return host if "." in host else f"{host}.{self.namespace}.svc.{self.trust_domain}"

    def short_name(self, host: str) -> str:
        """Return a host's name inside the namespace: `orders` for orders.night-market.svc.cluster.local."""
        fully_qualified = f".{self.namespace}.svc.{self.trust_domain}"
        for suffix in (fully_qualified, f".{self.namespace}.svc", f".{self.namespace}"):
            if host.endswith(suffix):
                return host.removesuffix(suffix)
        return host
