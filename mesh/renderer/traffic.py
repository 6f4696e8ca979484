"""VirtualService: what becomes of a request on its way to a host. As `resources.py`, of which it is a part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mesh.renderer.durations import Duration

GRPC_STATUSES = (  # of gRPC, each at the place of its number
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
)
RETRY_ON = (
    "5xx",
    "cancelled",
    "connect-failure",
    "deadline-exceeded",
    "gateway-error",
    "internal",
    "refused-stream",
    "reset",
    "reset-before-request",
    "resource-exhausted",
    "unavailable",
)


@dataclass(frozen=True)
class StringMatch:
    """A text, its beginning, or a regular expression for the whole of it."""

    exact: str | None = None
    prefix: str | None = None
    regex: str | None = None

    def errors(self) -> Iterator[str]:
        """Not exactly one way."""
        if sum(way is not None for way in (self.exact, self.prefix, self.regex)) != 1:
            yield "needs exactly one of exact, prefix, regex"


@dataclass(frozen=True)
class Match:
    """Fits if everything that is there does."""

    name: str = ""
    uri: StringMatch | None = None
    method: StringMatch | None = None
    headers: Mapping[str, StringMatch] = field(default_factory=dict)


@dataclass(frozen=True)
class Destination:
    """A host, or a subset of its instances."""

    host: str
    subset: str = ""


@dataclass(frozen=True)
class Weighted:
    """A destination and its share, per cent."""

    destination: Destination
    weight: int | None = None


@dataclass(frozen=True)
class Retries:
    """How often what failed in these ways is sent again. Without attempts, not at all."""

    attempts: int = 2
    per_try_timeout: Duration | None = None
    retry_on: str = "connect-failure,refused-stream,unavailable,cancelled"

    @property
    def conditions(self) -> tuple[str, ...]:
        """The failures that count."""
        return tuple(self.retry_on.split(","))

    def errors(self) -> Iterator[str]:
        """Conditions that Envoy doesn't know, and would pass over in silence."""
        unknown = [repr(name) for name in self.conditions if name not in RETRY_ON]
        if unknown:
            yield f"retryOn {', '.join(unknown)} is not supported by the renderer"


@dataclass(frozen=True)
class Percentage:
    """0 to 100."""

    value: float

    def errors(self) -> Iterator[str]:
        """Not a share."""
        if not 0 <= self.value <= 100:
            yield f"{self.value:g} is not from 0 to 100"


@dataclass(frozen=True)
class Delay:
    """Some requests wait."""

    fixed_delay: Duration
    percentage: Percentage = field(default_factory=lambda: Percentage(100.0))


@dataclass(frozen=True)
class Abort:
    """Some requests fail."""

    http_status: int | None = None
    grpc_status: str | None = None
    percentage: Percentage = field(default_factory=lambda: Percentage(100.0))

    def errors(self) -> Iterator[str]:
        """Not exactly one status, or one that is none."""
        if (self.http_status is None) == (self.grpc_status is None):
            yield "needs exactly one of httpStatus, grpcStatus"
        elif self.http_status is not None and not 200 <= self.http_status < 600:
            yield f"{self.http_status} is not an HTTP status from 200 to 599"
        elif self.grpc_status is not None and self.grpc_status not in GRPC_STATUSES:
            yield f"{self.grpc_status} is not a gRPC status"


@dataclass(frozen=True)
class Fault:
    """What goes wrong on purpose, in the caller's sidecar."""

    delay: Delay | None = None
    abort: Abort | None = None


@dataclass(frozen=True)
class HttpRoute:
    """Where the requests go that one of `match` fits; all, where there is none."""

    route: tuple[Weighted, ...]
    name: str = ""
    match: tuple[Match, ...] = ()
    timeout: Duration | None = None
    retries: Retries = field(default_factory=Retries)
    fault: Fault | None = None
    mirror: Destination | None = None
    mirror_percentage: Percentage = field(default_factory=lambda: Percentage(100.0))

    @property
    def destinations(self) -> tuple[Destination, ...]:
        """Everybody who may get a request, copies included."""
        mirrored = () if self.mirror is None else (self.mirror,)
        return (*(part.destination for part in self.route), *mirrored)

    def errors(self) -> Iterator[str]:
        """Shares that are not a whole."""
        weights = [part.weight for part in self.route]
        if not weights:
            yield "route is empty"
        elif weights != [None] and sum(weight or 0 for weight in weights) != 100:
            yield f"the weights add up to {sum(weight or 0 for weight in weights)}, not to 100"


@dataclass(frozen=True)
class VirtualService:
    """What becomes of a request to a host: the first route that fits."""

    hosts: tuple[str, ...]
    http: tuple[HttpRoute, ...]

    def errors(self) -> Iterator[str]:
        """More than one host."""
        if len(self.hosts) != 1:
            yield "the renderer supports exactly one host"
