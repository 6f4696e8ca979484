"""gRPC: the server of a gRPC service.

One wrapper around every method provides what all methods need: request context, traces, metrics, errors. The server
uses a thread pool, because that takes less CPU per call than asyncio.
"""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from queue import SimpleQueue
from typing import Any

import grpc
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status

from chassis import telemetry
from chassis.context import RequestContext, use_context
from chassis.errors import DOMAIN, AppError, ErrorMap, Invalid, explain
from chassis.health import Readiness
from chassis.lifecycle import Service, Stage
from chassis.telemetry import RPC_SERVER

_THREADS = 16
_MAX_CONCURRENT_CALLS = 256  # including calls that wait for a thread; further calls are rejected
_OPTIONS = [
    ("grpc.max_receive_message_length", 1 << 20),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),  # clients ping every 10 s
]
# A function that adds a servicer to a server, from a *_pb2_grpc module, and the servicer.
Registration = tuple[Callable[[Any, grpc.Server], None], object]


def add_grpc_server(service: Service, registrations: Sequence[Registration], error_map: ErrorMap) -> None:
    """Add a server with these servicers and the health protocol; it starts and stops with the service.

    `error_map` maps the domain's exceptions to errors.
    """
    config = service.config
    server = grpc.server(
        _DaemonThreads(_THREADS),
        interceptors=[_Interceptor(error_map)],
        options=[*_OPTIONS, ("grpc.so_reuseport", int(config.share_port))],
        maximum_concurrent_rpcs=_MAX_CONCURRENT_CALLS,
    )
    for add, servicer in registrations:
        add(servicer, server)
    health_pb2_grpc.add_HealthServicer_to_server(_Health(service.readiness), server)

    def start() -> None:
        try:
            server.add_insecure_port(f"{config.host}:{config.port}")
        except RuntimeError:
            raise service.port_taken("PORT", config.port) from None
        server.start()

    service.on_start(start)
    service.on_stop(Stage.SERVERS, lambda: server.stop(config.stop_seconds).wait())


def to_status(error: AppError) -> Any:
    """Return the error, with its ErrorInfo, as a status for `abort_with_status`."""
    status = Status(code=error.code.number, message=error.message)
    status.details.add().Pack(ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=error.metadata))
    return rpc_status.to_status(status)


class _DaemonThreads(Executor):
    """A thread pool that does not keep the process alive.

    At exit, Python waits for every thread of a ThreadPoolExecutor, so that a call that ignores its deadline would
    keep a stopped service running.
    """

    def __init__(self, threads: int) -> None:
        self._calls: SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = SimpleQueue()
        for number in range(threads):
            threading.Thread(target=self._work, name=f"grpc-{number}", daemon=True).start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        self._calls.put((future, lambda: fn(*args, **kwargs)))
        return future

    def _work(self) -> None:
        while True:
            future, call = self._calls.get()
            try:
                future.set_result(call())
            except BaseException as error:
                future.set_exception(error)
            del future, call  # or the thread would keep the last request in memory


class _Health(health_pb2_grpc.HealthServicer):
    """grpc.health.v1 for the whole server (service name ""), from the service's readiness."""

    def __init__(self, readiness: Readiness) -> None:
        self._readiness = readiness

    def Check(self, request: health_pb2.HealthCheckRequest, context: grpc.ServicerContext) -> Any:
        if request.service:
            context.abort(grpc.StatusCode.NOT_FOUND, "only the whole server has a status")
        status = health_pb2.HealthCheckResponse.ServingStatus
        serving = "NOT_SERVING" if self._readiness.problems() else "SERVING"
        return health_pb2.HealthCheckResponse(status=status.Value(serving))


class _Interceptor(grpc.ServerInterceptor):
    """Wraps every unary method once, at its first call, except the probes of the health protocol."""

    def __init__(self, error_map: ErrorMap) -> None:
        self._error_map = error_map
        self._wrapped: dict[str, Any] = {}

    def intercept_service(self, continuation: Any, details: grpc.HandlerCallDetails) -> Any:
        if known := self._wrapped.get(details.method):
            return known
        handler = continuation(details)
        if handler is None or handler.unary_unary is None or details.method.startswith("/grpc.health.v1."):
            return handler
        # Without a deserializer the wrapper gets bytes, so that it can reject a malformed request like any other error.
        wrapped = grpc.unary_unary_rpc_method_handler(
            _wrap(details.method, handler, self._error_map), response_serializer=handler.response_serializer
        )
        self._wrapped[details.method] = wrapped
        return wrapped


def _wrap(path: str, handler: Any, error_map: ErrorMap) -> Callable[[bytes, grpc.ServicerContext], Any]:
    _, service, name = path.split("/")
    method, parse = handler.unary_unary, handler.request_deserializer
    ok = RPC_SERVER.labels(service, name, "OK")
    attributes = {"rpc.system": "grpc", "rpc.service": service, "rpc.method": name}

    def answer(request: bytes, context: grpc.ServicerContext) -> Any:
        started = time.perf_counter()
        with use_context(_context(context)), telemetry.span(path[1:], telemetry.SERVER, attributes) as span:
            try:
                response = method(_parse(parse, request), context)
            except Exception as error:
                found = explain(error, error_map, rpc=path)
                if found.code.http >= 500:
                    telemetry.mark_failed(span, found.reason)
                RPC_SERVER.labels(service, name, found.code.name).observe(time.perf_counter() - started)
                context.abort_with_status(to_status(found))
            ok.observe(time.perf_counter() - started)
            return response

    return answer


def _context(context: grpc.ServicerContext) -> RequestContext:
    remaining = context.time_remaining()
    headers = {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}
    return RequestContext(headers, None if remaining is None else time.monotonic() + remaining)


def _parse(parse: Callable[[bytes], Any], request: bytes) -> Any:
    try:
        return parse(request)
    except Exception as error:
        raise Invalid("REQUEST_MALFORMED", "The request is not a message of this method.") from error
