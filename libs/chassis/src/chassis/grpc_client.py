"""gRPC: channels to other services, for the generated stubs.

Every call propagates the trace, the request id and the account, keeps the deadline of the request being answered, is
counted, and raises an AppError if the server answers with an error status.
"""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import ErrorInfo
from grpc_status import rpc_status

from chassis import context, telemetry
from chassis.errors import BY_NUMBER, DOMAIN, AppError, Unavailable
from chassis.telemetry import RPC_CLIENT

# A server that is stopping cancels calls that arrive too late. It has not begun them, so another server, or the
# same one after its restart, can take them. (A call that has begun is canceled only after STOP_SECONDS; the calls that
# may last that long carry an idempotency key.)
_RETRIES = {
    "methodConfig": [
        {
            "name": [{}],
            "retryPolicy": {
                "maxAttempts": 4,
                "initialBackoff": "0.02s",
                "maxBackoff": "0.2s",
                "backoffMultiplier": 3,
                "retryableStatusCodes": ["CANCELLED"],
            },
        }
    ]
}
_OPTIONS = [
    ("grpc.service_config", json.dumps(_RETRIES)),
    ("grpc.enable_http_proxy", 0),
    # Detect a dead connection and reconnect within seconds.
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 3_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    # A restarted server may have another address: resolve its name again at once, not after half a minute.
    ("grpc.dns_min_time_between_resolutions_ms", 1_000),
]
Metadata = tuple[tuple[str, str], ...]


class Channel:
    """A channel to one service, for its generated stubs: `CatalogServiceStub(Channel("catalog", address))`.

    A call takes at most `timeout` seconds (default 2), or less if the deadline of the request being answered is
    nearer. It raises an AppError: the server's own, or Unavailable (UPSTREAM_UNAVAILABLE).
    """

    def __init__(self, service: str, address: str, timeout: float = 2.0) -> None:
        self.service = service
        self._timeout = timeout
        self._channel = grpc.insecure_channel(address, options=_OPTIONS)

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()

    def unary_stream(self, path: str, *args: Any, **kwargs: Any) -> Any:
        """Return a streaming method, unchanged: only the health protocol has one."""
        return self._channel.unary_stream(path, *args, **kwargs)

    def unary_unary(self, path: str, *args: Any, **kwargs: Any) -> Callable[..., Any]:
        """Return one method of the stub.

        An optional `timeout` replaces the channel's for this call; an optional `metadata` is sent with it.
        """
        method = self._channel.unary_unary(path, *args, **kwargs)
        _, service, name = path.split("/")
        ok = RPC_CLIENT.labels(service, name, "OK")
        attributes = {
            "rpc.system": "grpc",
            "rpc.service": service,
            "rpc.method": name,
            "server.address": self.service,
        }

        def call(request: Any, timeout: float | None = None, metadata: Metadata = ()) -> Any:
            started = time.perf_counter()
            with telemetry.span(path[1:], telemetry.CLIENT, attributes) as span:
                current = context.current()
                try:
                    response = method(
                        request,
                        timeout=current.time_remaining(timeout or self._timeout),
                        metadata=(*current.propagated_headers(), *metadata),
                    )
                except grpc.RpcError as error:
                    failure = to_error(error, self.service)
                    RPC_CLIENT.labels(service, name, failure.code.name).observe(time.perf_counter() - started)
                    if failure.code.http >= 500:
                        telemetry.mark_failed(span, failure.reason)
                    raise failure from error
                ok.observe(time.perf_counter() - started)
                return response

        return call


def to_error(error: grpc.RpcError, service: str) -> AppError:
    """Return the AppError that a server has answered with.

    Any other failure (no connection, deadline exceeded, a bug in the server) becomes Unavailable
    (UPSTREAM_UNAVAILABLE, with the service's name), because the call may succeed later.
    """
    call: Any = error
    info = ErrorInfo()
    with suppress(ValueError, DecodeError):  # not one of our statuses
        status = rpc_status.from_call(call)
        for detail in status.details if status else ():
            if detail.Unpack(info) and info.domain == DOMAIN and status.code in BY_NUMBER:
                return BY_NUMBER[status.code](info.reason, status.message, info.metadata)
    return Unavailable(
        "UPSTREAM_UNAVAILABLE",
        f"{service} does not answer. Try again.",
        {"service": service, "code": call.code().name},
    )
