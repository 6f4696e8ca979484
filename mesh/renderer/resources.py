"""What the renderer understands of Istio's resources: exactly these fields, named as there, in Python's spelling.

`decode.py` reads them. A type's `faults` are what its fields don't show.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from mesh.renderer.durations import Duration


@dataclass(frozen=True)
class Selector:
    """Which workloads a policy is for: those with all these labels."""

    match_labels: Mapping[str, str]


class MtlsMode(Enum):
    """Whether a service is reached by mutual TLS."""

    STRICT = "STRICT"


@dataclass(frozen=True)
class Mtls:
    """What callers must present."""

    mode: MtlsMode


@dataclass(frozen=True)
class PeerAuthentication:
    """Callers need a certificate."""

    mtls: Mtls


class Action(Enum):
    """What becomes of a request that a rule fits."""

    ALLOW = "ALLOW"
    DENY = "DENY"


@dataclass(frozen=True)
class Source:
    """Who calls; a list fits if one of its entries does, and every list that is there must fit."""

    principals: tuple[str, ...] = ()
    not_principals: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    not_namespaces: tuple[str, ...] = ()


@dataclass(frozen=True)
class From:
    """One kind of caller."""

    source: Source


@dataclass(frozen=True)
class Operation:
    """What is called; lists are as in `Source`."""

    methods: tuple[str, ...] = ()
    not_methods: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    not_paths: tuple[str, ...] = ()

    def errors(self) -> Iterator[str]:
        """Yield path templates, which Envoy would compare as plain text."""
        yield from (
            f"path template {p} is not supported by the renderer"
            for p in (*self.paths, *self.not_paths)
            if "{" in p
        )


@dataclass(frozen=True)
class To:
    """One kind of call."""

    operation: Operation


@dataclass(frozen=True)
class Rule:
    """Fits if one of `from` and one of `to` do; one that is not there always does."""

    from_: tuple[From, ...] = ()
    to: tuple[To, ...] = ()


@dataclass(frozen=True)
class AuthorizationPolicy:
    """Who may call what. Without rules it allows nothing, and denies nothing."""

    selector: Selector | None = None
    action: Action = Action.ALLOW
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True)
class JwtRule:
    """Which tokens are good."""

    issuer: str
    jwks_uri: str
    audiences: tuple[str, ...] = ()
    forward_original_token: bool = False

    def errors(self) -> Iterator[str]:
        """Keys that are elsewhere: sidecars fetch them through the mesh, which encrypts by itself."""
        if not self.jwks_uri.startswith("http://"):
            yield f"jwksUri {self.jwks_uri} is not an http:// address in the mesh"


@dataclass(frozen=True)
class RequestAuthentication:
    """A token that comes with a request must be good; none need come."""

    selector: Selector | None = None
    jwt_rules: tuple[JwtRule, ...] = ()


class TlsMode(Enum):
    """How a host is called."""

    ISTIO_MUTUAL = "ISTIO_MUTUAL"
    DISABLE = "DISABLE"


@dataclass(frozen=True)
class Tls:
    """How a host is called."""

    mode: TlsMode


class Balancing(Enum):
    """Which instance gets the next request."""

    LEAST_REQUEST = "LEAST_REQUEST"
    RANDOM = "RANDOM"
    ROUND_ROBIN = "ROUND_ROBIN"


@dataclass(frozen=True)
class LoadBalancer:
    """Which instance gets the next request."""

    simple: Balancing = Balancing.LEAST_REQUEST


@dataclass(frozen=True)
class TcpPool:
    """Limits on connections."""

    connect_timeout: Duration | None = None
    max_connections: int | None = None


@dataclass(frozen=True)
class HttpPool:
    """Limits on requests."""

    http1_max_pending_requests: int | None = None
    http2_max_requests: int | None = None
    max_requests_per_connection: int | None = None
    max_retries: int | None = None
    idle_timeout: Duration | None = None


@dataclass(frozen=True)
class ConnectionPool:
    """Limits for one host, in each sidecar that calls it."""

    tcp: TcpPool = field(default_factory=TcpPool)
    http: HttpPool = field(default_factory=HttpPool)


@dataclass(frozen=True)
class RetryBudget:
    """How many of the requests under way may be repetitions."""

    percent: float = 20.0
    min_retry_concurrency: int = 3


@dataclass(frozen=True)
class OutlierDetection:
    """When an instance is left out for a while."""

    consecutive_5xx_errors: int | None = None
    consecutive_gateway_errors: int | None = None
    interval: Duration | None = None
    base_ejection_time: Duration | None = None
    max_ejection_percent: int | None = None


@dataclass(frozen=True)
class TrafficPolicy:
    """How a host is called."""

    tls: Tls | None = None
    load_balancer: LoadBalancer = field(default_factory=LoadBalancer)
    connection_pool: ConnectionPool = field(default_factory=ConnectionPool)
    retry_budget: RetryBudget | None = None
    outlier_detection: OutlierDetection | None = None


@dataclass(frozen=True)
class Subset:
    """Some instances of a host: those with all these labels."""

    name: str
    labels: Mapping[str, str]


@dataclass(frozen=True)
class DestinationRule:
    """How a host is called, and which subsets it has."""

    host: str
    traffic_policy: TrafficPolicy = field(default_factory=TrafficPolicy)
    subsets: tuple[Subset, ...] = ()


class Location(Enum):
    """Where a ServiceEntry's hosts are."""

    MESH_EXTERNAL = "MESH_EXTERNAL"


class Resolution(Enum):
    """How a ServiceEntry's hosts are found."""

    DNS = "DNS"


class PortProtocol(Enum):
    """What a ServiceEntry's hosts speak."""

    HTTP = "HTTP"
    GRPC = "GRPC"


@dataclass(frozen=True)
class Port:
    """A port of a host outside."""

    number: int
    name: str
    protocol: PortProtocol


@dataclass(frozen=True)
class ServiceEntry:
    """A host outside the mesh."""

    hosts: tuple[str, ...]
    location: Location
    resolution: Resolution
    ports: tuple[Port, ...]

    def errors(self) -> Iterator[str]:
        """More than one host or port, for which there would be no address."""
        if len(self.hosts) != 1 or len(self.ports) != 1:
            yield "the renderer supports exactly one host and one port"
