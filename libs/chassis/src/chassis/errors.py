"""Errors that clients see: one small tree for all services, and how a domain's exceptions become part of it.

The README has a table of all errors. Codes and HTTP statuses pair up as in google/rpc/code.proto, so that Flask
services, gRPC services and the gateway's transcoder answer alike.
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass

DOMAIN = "night-market"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Code:
    """A status: its number and name in google.rpc.Code, and its HTTP status."""

    number: int
    name: str
    http: int


class AppError(Exception):
    """An error with a `reason` in UPPER_SNAKE case for programs and a `message` for people.

    `metadata` has details for programs, for example the product that is sold out.
    """

    code = Code(13, "INTERNAL", 500)

    def __init__(self, reason: str, message: str, metadata: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.metadata = dict(metadata or {})


class Invalid(AppError):
    """The request itself is wrong: sending it again does not help."""

    code = Code(3, "INVALID_ARGUMENT", 400)


class Unauthenticated(AppError):
    """The request needs a signed-in account."""

    code = Code(16, "UNAUTHENTICATED", 401)


class NotFound(AppError):
    """The thing does not exist, or the caller may not know of it."""

    code = Code(5, "NOT_FOUND", 404)


class Conflict(AppError):
    """The thing exists already, and differs."""

    code = Code(6, "ALREADY_EXISTS", 409)


class FailedPrecondition(AppError):
    """The request is valid, but the current state does not allow it."""

    code = Code(9, "FAILED_PRECONDITION", 400)


class Unavailable(AppError):
    """A dependency does not answer: try again later."""

    code = Code(14, "UNAVAILABLE", 503)


INTERNAL = AppError.code
TREE = (Invalid, Unauthenticated, NotFound, Conflict, FailedPrecondition, Unavailable)
BY_NUMBER: Mapping[int, type[AppError]] = {error.code.number: error for error in TREE}
ErrorMap = Mapping[type[Exception], type[AppError]]


def reason_of(error: type[Exception]) -> str:
    """SoldOut -> SOLD_OUT: the name of a domain's exception is its reason."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", error.__name__).upper()


def translate(error: Exception, error_map: ErrorMap) -> AppError | None:
    """Return the AppError for an exception; None if the exception is a bug.

    `error_map` maps the domain's exceptions to errors. A domain exception may have a `metadata` attribute, a mapping
    of strings.
    """
    if isinstance(error, AppError):
        return error
    for kind, target in error_map.items():
        if isinstance(error, kind):
            return target(reason_of(kind), str(error), getattr(error, "metadata", None))
    return None


def explain(error: Exception, error_map: ErrorMap, **request: str) -> AppError:
    """Return the AppError for an exception, and log it with the fields in `request`. A bug becomes INTERNAL."""
    found = translate(error, error_map)
    if found is None:
        log.error("unexpected error", exc_info=error, extra=request)
        return AppError("INTERNAL", "Something went wrong on our side.")
    level = logging.WARNING if found.code.http >= 500 else logging.INFO
    log.log(level, "request rejected", extra={**request, "reason": found.reason, "detail": found.message})
    return found


def as_status(error: AppError) -> dict[str, object]:
    """Return the error as google.rpc.Status in JSON, with an ErrorInfo."""
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": error.reason,
        "domain": DOMAIN,
        "metadata": error.metadata,
    }
    return {"code": error.code.number, "message": error.message, "details": [info]}
