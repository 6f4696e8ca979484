"""gRPC: the server that every gRPC service runs.

One wrapper around every method does what all need: the current call, traces, metrics, errors. A thread-pool
server is used because it costs less CPU per call than an asyncio one.
"""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from chassis import rpc_status, telemetry
from chassis.context import RequestContext, use_context
from chassis.errors import AppError, ErrorMap, Invalid, translated
from chassis.health import Readiness
from chassis.lifecycle import Service, Stage
from chassis.metrics import RPC_SERVER

log = logging.getLogger(__name__)
_THREADS = 16
_MOST_CALLS = 256  # at once, those that wait for a thread included; more are refused
_OPTIONS = [
    ("grpc.max_receive_message_length", 1 << 20),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),  # clients ping every 10 s
]
Method = Callable[[Any, grpc.ServicerContext], Any]
# What adds a servicer to a server, as in contracts' *_pb2_grpc, and the servicer.
Registration = tuple[Callable[[Any, grpc.Server], None], object]


def add_grpc_server(service: Service, registrations: Sequence[Registration], error_map: ErrorMap) -> None:
    """A gRPC server with these servicers and the health protocol, that starts and stops with the service.

    `error_map` maps the domain's exceptions to the error tree.
    """
    config = service.config
    server = grpc.server(
        ThreadPoolExecutor(_THREADS, thread_name_prefix="grpc"),
        interceptors=[_Interceptor(error_map)],
        options=[*_OPTIONS, ("grpc.so_reuseport", int(config.share_port))],
        maximum_concurrent_rpcs=_MOST_CALLS,
    )
    for add, servicer in registrations:
        add(servicer, server)
    health_pb2_grpc.add_HealthServicer_to_server(_Health(service.readiness), server)

    def start() -> None:
        try:
            server.add_insecure_port(f"{config.host}:{config.port}")
        except RuntimeError:
            raise service.taken("PORT", config.port) from None
        server.start()

    service.on_start(start)
    service.on_stop(Stage.SERVERS, lambda: server.stop(config.stop_seconds).wait())


class _Health(health_pb2_grpc.HealthServicer):
    """grpc.health.v1 for the whole server (service name ""), from the service's readiness."""

    def __init__(self, readiness: Readiness) -> None:
        self._readiness = readiness

    def Check(self, request: health_pb2.HealthCheckRequest, context: grpc.ServicerContext) -> Any:
        if request.service:
            context.abort(grpc.StatusCode.NOT_FOUND, "only the whole server has a status")
        status = health_pb2.HealthCheckResponse.ServingStatus
        return health_pb2.HealthCheckResponse(
            status=status.Value("NOT_SERVING" if self._readiness.problems() else "SERVING")
        )


class _Interceptor(grpc.ServerInterceptor):
    """Wraps every unary method once, at its first call; the probes of the health protocol are left alone."""

    def __init__(self, error_map: ErrorMap) -> None:
        self._refusals = error_map
        self._wrapped: dict[str, Any] = {}

    def intercept_service(self, continuation: Any, details: grpc.HandlerCallDetails) -> Any:
        if known := self._wrapped.get(details.method):
            return known
        handler = continuation(details)
        if handler is None or handler.unary_unary is None or details.method.startswith("/grpc.health.v1."):
            return handler
        # Without a deserializer the wrapper gets the bytes, so that nonsense is refused like any other request.
        wrapped = grpc.unary_unary_rpc_method_handler(
            _wrapped(details.method, handler, self._refusals),
            response_serializer=handler.response_serializer,
        )
        self._wrapped[details.method] = wrapped
        return wrapped


def _wrapped(path: str, handler: Any, error_map: ErrorMap) -> Method:
    _, service, name = path.split("/")
    method, parse = handler.unary_unary, handler.request_deserializer
    ok = RPC_SERVER.labels(service, name, "OK")
    attributes = {"rpc.system": "grpc", "rpc.service": service, "rpc.method": name}

    def answer(request: bytes, context: grpc.ServicerContext) -> Any:
        started = time.perf_counter()
        with use_context(_call(context)), telemetry.span(path[1:], telemetry.SERVER, attributes) as span:
            try:
                response = method(_parsed(parse, request), context)
            except Exception as error:
                refused = _explained(error, error_map, path)
                if refused.code.http >= 500:
                    telemetry.failed(span, refused.reason)
                RPC_SERVER.labels(service, name, refused.code.name).observe(time.perf_counter() - started)
                context.abort_with_status(rpc_status.of(refused))
            ok.observe(time.perf_counter() - started)
            return response

    return answer


def _call(context: grpc.ServicerContext) -> RequestContext:
    left = context.time_remaining()
    headers = {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}
    return RequestContext(headers, None if left is None else time.monotonic() + left)


def _parsed(parse: Callable[[bytes], Any], request: bytes) -> Any:
    try:
        return parse(request)
    except Exception as error:
        raise Invalid("REQUEST_MALFORMED", "The request is not a message of this method.") from error


def _explained(error: Exception, error_map: ErrorMap, path: str) -> AppError:
    refused = translated(error, error_map)
    if refused is None:
        log.exception("unexpected error", extra={"rpc": path})
        return AppError("INTERNAL", "Something went wrong on our side.")
    level = logging.WARNING if refused.code.http >= 500 else logging.INFO
    log.log(level, "refused", extra={"rpc": path, "reason": refused.reason, "detail": refused.message})
    return refused
