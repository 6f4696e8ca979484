"""google.rpc.Status in gRPC's trailers: written by servers, read by clients."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any, NamedTuple

import grpc
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from chassis.errors import BY_NUMBER, DOMAIN, AppError, Unavailable

_TRAILER = "grpc-status-details-bin"
_CODES = {code.value[0]: code for code in grpc.StatusCode}


class _RpcStatus(NamedTuple):
    code: grpc.StatusCode
    details: str
    trailing_metadata: tuple[tuple[str, bytes], ...]


class RpcStatus(_RpcStatus, grpc.Status):
    """What ServicerContext.abort_with_status takes."""


def of(error: AppError) -> RpcStatus:
    """The error with its ErrorInfo as a status for a gRPC answer."""
    status = Status(code=error.code.number, message=error.message)
    status.details.add().Pack(ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=error.metadata))
    return RpcStatus(_CODES[error.code.number], error.message, ((_TRAILER, status.SerializeToString()),))


def read(error: grpc.RpcError, service: str) -> AppError:
    """The error that a server answered with.

    What is not the market's own (no connection, deadline passed, a bug over there) becomes Unavailable
    (UPSTREAM_UNAVAILABLE, with the service's name): asking again later may help.
    """
    call: Any = error
    for detail in _details(call.trailing_metadata() or ()):
        if (kind := BY_NUMBER.get(call.code().value[0])) is not None:
            return kind(detail.reason, call.details() or "", detail.metadata)
    return Unavailable(
        "UPSTREAM_UNAVAILABLE",
        f"{service} does not answer. Try again.",
        {"service": service, "code": call.code().name},
    )


def _details(trailers: Iterable[tuple[str, Any]]) -> Iterable[ErrorInfo]:
    for key, value in trailers:
        if key == _TRAILER:
            with suppress(DecodeError):
                for packed in Status.FromString(value).details:
                    info = ErrorInfo()
                    if packed.Unpack(info) and info.domain == DOMAIN:
                        yield info
