"""The one error tree, and how a domain's own exceptions become part of it.

    AppError
    +-- Invalid             the request itself is wrong             INVALID_ARGUMENT     400
    +-- Unauthenticated     nobody is signed in                     UNAUTHENTICATED      401
    +-- Forbidden           signed in, but not allowed              PERMISSION_DENIED    403
    +-- NotFound            no such thing (or not yours)            NOT_FOUND            404
    +-- Conflict            it is there already, and differs        ALREADY_EXISTS       409
    +-- FailedPrecondition  right request, wrong moment             FAILED_PRECONDITION  400
    +-- Unavailable         try again later                         UNAVAILABLE          503

Codes and HTTP statuses pair up as google/rpc/code.proto says, so that a Flask service, a gRPC service and
the gateway's transcoder answer alike.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

DOMAIN = "night-market"


@dataclass(frozen=True)
class Code:
    """One status: its number and name in google.rpc.Code, and its HTTP status."""

    number: int
    name: str
    http: int


class AppError(Exception):
    """An answer that is not the one hoped for.

    `reason` is an UPPER_SNAKE word for programs, `message` a sentence for people, and `metadata` has details
    for programs, for example the product that is sold out.
    """

    code = Code(13, "INTERNAL", 500)

    def __init__(self, reason: str, message: str, metadata: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.metadata = dict(metadata or {})


class Invalid(AppError):
    """The request itself is wrong: sending it again won't help."""

    code = Code(3, "INVALID_ARGUMENT", 400)


class Unauthenticated(AppError):
    """Nobody is signed in."""

    code = Code(16, "UNAUTHENTICATED", 401)


class Forbidden(AppError):
    """Somebody is signed in, who may not do this."""

    code = Code(7, "PERMISSION_DENIED", 403)


class NotFound(AppError):
    """No such thing, or not one that the caller may know of."""

    code = Code(5, "NOT_FOUND", 404)


class Conflict(AppError):
    """It is there already, and differs."""

    code = Code(6, "ALREADY_EXISTS", 409)


class FailedPrecondition(AppError):
    """The request is right, but the state of things forbids it now."""

    code = Code(9, "FAILED_PRECONDITION", 400)


class Unavailable(AppError):
    """Something that is needed does not answer: try again later."""

    code = Code(14, "UNAVAILABLE", 503)


INTERNAL = AppError.code
TREE: tuple[type[AppError], ...] = (
    Invalid, Unauthenticated, Forbidden, NotFound, Conflict, FailedPrecondition, Unavailable,
)  # fmt: skip
BY_NUMBER: Mapping[int, type[AppError]] = {error.code.number: error for error in TREE}
ErrorMap = Mapping[type[Exception], type[AppError]]


def reason_of(error: type[Exception]) -> str:
    """SoldOut -> SOLD_OUT: the name of a domain's exception is its reason."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", error.__name__).upper()


def translated(error: Exception, error_map: ErrorMap) -> AppError | None:
    """The AppError for an exception; None where it is a bug.

    `error_map` is the service's table from its domain's exceptions to the tree. A domain exception may have a
    `metadata` attribute, a mapping of strings.
    """
    if isinstance(error, AppError):
        return error
    for kind, target in error_map.items():
        if isinstance(error, kind):
            return target(reason_of(kind), str(error), getattr(error, "metadata", None))
    return None


def as_status(error: AppError) -> dict[str, object]:
    """The error as google.rpc.Status in JSON, with an ErrorInfo."""
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": error.reason,
        "domain": DOMAIN,
        "metadata": error.metadata,
    }
    return {"code": error.code.number, "message": error.message, "details": [info]}
