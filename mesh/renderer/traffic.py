"""The fields of Istio's VirtualService that the renderer supports."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from mesh.renderer.decode import NOT_SUPPORTED, Duration, Model

GRPC_STATUSES = (  # the index is the number
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
RETRY_CONDITIONS = (
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


class StringMatch(Model):
    """Matches a text, its prefix, or all of it with a regular expression."""

    exact: str | None = None
    prefix: str | None = None
    regex: str | None = None

    @model_validator(mode="after")
    def _has_one_kind(self) -> Self:
        if sum(value is not None for value in (self.exact, self.prefix, self.regex)) != 1:
            raise ValueError("needs exactly one of exact, prefix, regex")
        return self


class Match(Model):
    """Matches a request if every field that is set matches."""

    name: str = ""
    uri: StringMatch | None = None
    method: StringMatch | None = None
    headers: dict[str, StringMatch] = Field(default_factory=dict)


class Destination(Model):
    """A host, or a subset of its instances."""

    host: str
    subset: str = ""


class Weighted(Model):
    """A destination and its share of the requests, in percent."""

    destination: Destination
    weight: int | None = None


class Retries(Model):
    """The number and the conditions of retries. There are none if `attempts` is 0. The defaults are Istio's."""

    attempts: int = 2
    per_try_timeout: Duration | None = None
    retry_on: str = "connect-failure,refused-stream,unavailable,cancelled"

    @property
    def conditions(self) -> tuple[str, ...]:
        """The failures that are retried."""
        return tuple(self.retry_on.split(","))

    @model_validator(mode="after")
    def _has_known_conditions(self) -> Self:
        # Envoy would ignore an unknown condition.
        unknown = [repr(name) for name in self.conditions if name not in RETRY_CONDITIONS]
        if unknown:
            raise ValueError(f"retryOn {', '.join(unknown)} {NOT_SUPPORTED}")
        return self


class Percentage(Model):
    """A share of the requests."""

    value: float = Field(ge=0, le=100)


class Delay(Model):
    """Delays a share of the requests."""

    fixed_delay: Duration
    percentage: Percentage = Percentage(value=100)


class Abort(Model):
    """Fails a share of the requests."""

    http_status: int | None = Field(None, ge=200, le=599)
    grpc_status: str | None = None
    percentage: Percentage = Percentage(value=100)

    @model_validator(mode="after")
    def _has_one_status(self) -> Self:
        if (self.http_status is None) == (self.grpc_status is None):
            raise ValueError("needs exactly one of httpStatus, grpcStatus")
        if self.grpc_status is not None and self.grpc_status not in GRPC_STATUSES:
            raise ValueError(f"{self.grpc_status} is not a gRPC status")
        return self


class Fault(Model):
    """Faults that the caller's sidecar injects."""

    delay: Delay | None = None
    abort: Abort | None = None


class HttpRoute(Model):
    """Handles the requests that one of `match` matches; all requests if `match` is empty."""

    route: tuple[Weighted, ...]
    name: str = ""
    match: tuple[Match, ...] = ()
    timeout: Duration | None = None
    retries: Retries = Retries()
    fault: Fault | None = None
    mirror: Destination | None = None
    mirror_percentage: Percentage = Percentage(value=100)

    @property
    def destinations(self) -> tuple[Destination, ...]:
        """Every destination that may receive a request or a copy of one."""
        mirrors = () if self.mirror is None else (self.mirror,)
        return (*(part.destination for part in self.route), *mirrors)

    @model_validator(mode="after")
    def _has_complete_weights(self) -> Self:
        weights = [part.weight for part in self.route]
        total = sum(weight or 0 for weight in weights)
        if not weights:
            raise ValueError("route is empty")
        if weights != [None] and total != 100:
            raise ValueError(f"the weights add up to {total}, not to 100")
        return self


class VirtualService(Model):
    """The routes for requests to a host. The first route that matches handles a request."""

    hosts: tuple[str, ...]
    http: tuple[HttpRoute, ...]

    @model_validator(mode="after")
    def _has_one_host(self) -> Self:
        if len(self.hosts) != 1:
            raise ValueError("the renderer supports exactly one host")
        return self
