"""Calls to other services: a channel for the generated stubs that every call of the market goes through.

It hands on the trace, the request id and the account, keeps to the deadline of the call being answered, counts,
and turns an error status into the error tree.
"""

import json
import time
from collections.abc import Callable
from typing import Any

import grpc

from chassis import context, rpc_status, telemetry
from chassis.errors import AppError
from chassis.metrics import RPC_CLIENT

# A server that is stopping cancels what comes too late for it: it was never begun, and another server, or the next,
# takes it. (What was begun is cancelled only after STOP_SECONDS; only calls with a key of their own last longer.)
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
    # A connection that is gone without a word is noticed and made anew within seconds.
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 3_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    # A server that comes back may have another address: names are looked up again at once, not after half a minute.
    ("grpc.dns_min_time_between_resolutions_ms", 1_000),
]
Metadata = tuple[tuple[str, str], ...]


class Channel:
    """A channel to one service, for its generated stubs: `CatalogServiceStub(Channel("catalog", address))`.

    A call takes at most `timeout` seconds (default 2), or less where the deadline of the call being answered is
    nearer. It raises a AppError: the server's own, or Unavailable (UPSTREAM_UNAVAILABLE).
    """

    def __init__(self, service: str, address: str, timeout: float = 2.0) -> None:
        self.service = service
        self._timeout = timeout
        self._channel = grpc.insecure_channel(address, options=_OPTIONS)

    def close(self) -> None:
        """Closes the connection."""
        self._channel.close()

    def unary_stream(self, path: str, *args: Any, **kwargs: Any) -> Any:
        """A method that streams; as it is, since only the health protocol has one."""
        return self._channel.unary_stream(path, *args, **kwargs)

    def unary_unary(self, path: str, *args: Any, **kwargs: Any) -> Callable[..., Any]:
        """One method of the stub.

        An optional `timeout` takes the place of the channel's; an optional `metadata` goes with this call.
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

        def ask(request: Any, timeout: float | None = None, metadata: Metadata = ()) -> Any:
            started = time.perf_counter()
            with telemetry.span(path[1:], telemetry.CLIENT, attributes) as span:
                now = context.current()
                try:
                    answer = method(
                        request,
                        timeout=now.time_remaining(timeout or self._timeout),
                        metadata=(*now.propagated_headers(), *metadata),
                    )
                except grpc.RpcError as error:
                    failure: AppError = rpc_status.read(error, self.service)
                    RPC_CLIENT.labels(service, name, failure.code.name).observe(time.perf_counter() - started)
                    if failure.code.http >= 500:
                        telemetry.failed(span, failure.reason)
                    raise failure from error
                ok.observe(time.perf_counter() - started)
                return answer

        return ask
