"""The fields of Istio's resources that the renderer supports, except VirtualService, which is in `traffic.py`.

Everything has the name that it has in Istio. The validators check what the types of fields cannot express.
"""

from __future__ import annotations

from enum import Enum
from typing import Self

from pydantic import Field, model_validator

from mesh.renderer.decode import NOT_SUPPORTED, Duration, Model


class Selector(Model):
    """Selects the workloads that have all these labels."""

    match_labels: dict[str, str]


class MtlsMode(Enum):
    """Whether a workload requires mutual TLS."""

    STRICT = "STRICT"


class Mtls(Model):
    """The certificates that a workload requires."""

    mode: MtlsMode


class PeerAuthentication(Model):
    """Requires client certificates."""

    mtls: Mtls


class Action(Enum):
    """The effect of an AuthorizationPolicy on requests that match one of its rules."""

    ALLOW = "ALLOW"
    DENY = "DENY"


class Source(Model):
    """Matches callers. A list matches if one of its entries does; all lists that are not empty must match."""

    principals: tuple[str, ...] = ()
    not_principals: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    not_namespaces: tuple[str, ...] = ()


class From(Model):
    """One source of a rule."""

    source: Source


class Operation(Model):
    """Matches requests. The lists match as those of `Source` do."""

    methods: tuple[str, ...] = ()
    not_methods: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    not_paths: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _has_no_templates(self) -> Self:
        # Envoy's RBAC filter would compare a template as plain text.
        for path in (*self.paths, *self.not_paths):
            if "{" in path:
                raise ValueError(f"path template {path} {NOT_SUPPORTED}")
        return self


class To(Model):
    """One operation of a rule."""

    operation: Operation


class Rule(Model):
    """Matches if one of `from` and one of `to` match. An empty list matches every request."""

    from_: tuple[From, ...] = ()
    to: tuple[To, ...] = ()


class AuthorizationPolicy(Model):
    """Allows or denies requests. Without rules, it matches no request."""

    selector: Selector | None = None
    action: Action = Action.ALLOW
    rules: tuple[Rule, ...] = ()


class JwtRule(Model):
    """The tokens that are valid."""

    issuer: str
    jwks_uri: str
    audiences: tuple[str, ...] = ()
    forward_original_token: bool = False

    @model_validator(mode="after")
    def _keys_are_in_the_mesh(self) -> Self:
        # Sidecars fetch keys through the mesh, where mutual TLS replaces HTTPS.
        if not self.jwks_uri.startswith("http://"):
            raise ValueError(f"jwksUri {self.jwks_uri} is not an http:// address in the mesh")
        return self


class RequestAuthentication(Model):
    """Rejects requests with an invalid token. A request without a token passes."""

    selector: Selector | None = None
    jwt_rules: tuple[JwtRule, ...] = ()


class TlsMode(Enum):
    """How callers connect to a host."""

    ISTIO_MUTUAL = "ISTIO_MUTUAL"
    DISABLE = "DISABLE"


class Tls(Model):
    """How callers connect to a host."""

    mode: TlsMode


class Balancing(Enum):
    """How the instance for a request is chosen."""

    LEAST_REQUEST = "LEAST_REQUEST"
    RANDOM = "RANDOM"
    ROUND_ROBIN = "ROUND_ROBIN"


class LoadBalancer(Model):
    """How the instance for a request is chosen."""

    simple: Balancing = Balancing.LEAST_REQUEST


class TcpPool(Model):
    """Limits of connections."""

    connect_timeout: Duration | None = None
    max_connections: int | None = None


class HttpPool(Model):
    """Limits of requests."""

    http1_max_pending_requests: int | None = None
    http2_max_requests: int | None = None
    max_requests_per_connection: int | None = None
    max_retries: int | None = None
    idle_timeout: Duration | None = None


class ConnectionPool(Model):
    """Limits for one host, in each sidecar that calls it."""

    tcp: TcpPool = TcpPool()
    http: HttpPool = HttpPool()


class RetryBudget(Model):
    """The share of concurrent requests that may be retries."""

    percent: float = Field(20.0, ge=0, le=100)
    min_retry_concurrency: int = 3


class OutlierDetection(Model):
    """When an instance is ejected from load balancing, and for how long."""

    consecutive_5xx_errors: int | None = None
    consecutive_gateway_errors: int | None = None
    interval: Duration | None = None
    base_ejection_time: Duration | None = None
    max_ejection_percent: int | None = None


class TrafficPolicy(Model):
    """How callers connect to a host."""

    tls: Tls | None = None
    load_balancer: LoadBalancer = LoadBalancer()
    connection_pool: ConnectionPool = ConnectionPool()
    retry_budget: RetryBudget | None = None
    outlier_detection: OutlierDetection | None = None


class Subset(Model):
    """The instances of a host that have all these labels."""

    name: str
    labels: dict[str, str]


class DestinationRule(Model):
    """The traffic policy and the subsets of a host."""

    host: str
    traffic_policy: TrafficPolicy = TrafficPolicy()
    subsets: tuple[Subset, ...] = ()


class Location(Enum):
    """Where the hosts of a ServiceEntry are."""

    MESH_EXTERNAL = "MESH_EXTERNAL"


class Resolution(Enum):
    """How the addresses of a ServiceEntry are found."""

    DNS = "DNS"


class PortProtocol(Enum):
    """The protocol of a ServiceEntry's port."""

    HTTP = "HTTP"
    GRPC = "GRPC"


class Port(Model):
    """A port of a host outside the mesh."""

    number: int
    name: str
    protocol: PortProtocol


class ServiceEntry(Model):
    """A host outside the mesh."""

    hosts: tuple[str, ...]
    location: Location
    resolution: Resolution
    ports: tuple[Port, ...]

    @model_validator(mode="after")
    def _has_one_address(self) -> Self:
        if len(self.hosts) != 1 or len(self.ports) != 1:
            raise ValueError("the renderer supports exactly one host and one port")
        return self
