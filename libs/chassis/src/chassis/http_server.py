"""HTTP: the server of an HTTP service, and what every Flask app needs around its routes.

Cheroot serves the app inside the service's own process; docs/decisions/0011-http-server.md says why.
"""

import logging
import math
import re
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import flask
from cheroot.wsgi import Server
from werkzeug.exceptions import HTTPException

from chassis import context, telemetry
from chassis.errors import INTERNAL, TREE, AppError, Code, ErrorMap, Invalid, as_status, explain
from chassis.lifecycle import Service, Stage
from chassis.telemetry import HTTP_SERVER

log = logging.getLogger(__name__)
THREADS = 8
MAX_BODY_BYTES = 64 * 1024
_MAX_DISCARDED_BYTES = 1 << 20  # of a larger body, the server does not even read the rest
_MAX_HEADER_BYTES = 64 * 1024
_BACKLOG = 512
_KEEPALIVE_SECONDS = (
    75  # longer than the gateway keeps idle connections, so that it never reuses a closed one
)
_ROUTE = "market.route"
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
Wsgi = Callable[..., Any]
ErrorPage = Callable[[AppError, int], flask.typing.ResponseReturnValue]


def add_http_server(service: Service, create_app: Callable[[], Wsgi], threads: int = THREADS) -> None:
    """Add a server for the WSGI app that `create_app` returns; it starts and stops with the service."""
    servers: list[_Server] = []

    def start() -> None:
        servers.append(_start(service, create_app(), threads))

    def stop() -> None:
        # The server waits without a limit for a request that ignores its timeout. So do not wait for the server.
        stopping = (
            threading.Thread(target=servers[0].stop, name="http-stop", daemon=True) if servers else None
        )
        if stopping:
            stopping.start()
            stopping.join(service.config.stop_seconds + 1)

    service.on_start(start)
    service.on_stop(Stage.SERVERS, stop)


class _Server(Server):
    """Cheroot's server with the limits of this system; its messages go to the log of the service."""

    keep_alive_conn_limit: Any = None
    max_request_header_size = _MAX_HEADER_BYTES
    max_request_body_size = _MAX_DISCARDED_BYTES

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        log.log(level, "HTTP server: %s", msg, exc_info=traceback)


def _start(service: Service, app: Wsgi, threads: int) -> _Server:
    config = service.config
    server = _Server(
        (config.host, config.port),
        app,
        numthreads=threads,
        max=threads,
        request_queue_size=_BACKLOG,
        timeout=_KEEPALIVE_SECONDS,
        shutdown_timeout=math.ceil(config.stop_seconds),
        reuse_port=config.share_port,
    )
    prepared: Future[None] = Future()

    def serve() -> None:
        try:
            server.prepare()
        except Exception as error:
            prepared.set_exception(error)
            return
        _defer_accept(server.socket)
        prepared.set_result(None)
        server.serve()

    # The workers inherit this thread's daemon flag, so that a request that does not end cannot keep the process alive.
    threading.Thread(target=serve, name="http", daemon=True).start()
    try:
        prepared.result()
    except OSError as error:
        raise service.port_taken("PORT", config.port, error) from None
    return server


def _defer_accept(listener: socket.socket) -> None:
    """Have the kernel hold a new connection until its first bytes arrive.

    Cheroot gives a new connection to a worker at once, so that a few clients that connect and send nothing would
    occupy all workers. The option exists on Linux only.
    """
    if hasattr(socket, "TCP_DEFER_ACCEPT"):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, _KEEPALIVE_SECONDS)


def error_as_json(error: AppError, status: int) -> flask.typing.ResponseReturnValue:
    """Return the default response to an error: google.rpc.Status in JSON."""
    return flask.jsonify(as_status(error)), status


def init_app(app: flask.Flask, error_map: ErrorMap, error_page: ErrorPage = error_as_json) -> flask.Flask:
    """Add the request context, traces, metrics, error handling and a limit on bodies to an app; return the app.

    `error_map` maps the domain's exceptions to errors; `error_page` makes a response from an error and its status.
    """
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES

    def handle(error: Exception) -> flask.typing.ResponseReturnValue:
        if not isinstance(error, HTTPException):
            found = explain(error, error_map, path=flask.request.path)
            return error_page(found, found.code.http)
        if error.code is None or error.code < 400:
            return error.get_response()
        response = flask.make_response(error_page(_http_error(error), error.code))
        # Keeps headers such as Allow, which belongs to a 405.
        response.headers.update({k: v for k, v in error.get_headers() if k != "Content-Type"})
        return response

    app.register_error_handler(Exception, handle)
    app.before_request(_note_route)
    app.before_request(_limit_chunked_body)
    app.wsgi_app = _Instrumented(app.wsgi_app)  # type: ignore[method-assign]
    return app


def _http_error(error: HTTPException) -> AppError:
    """404 Not Found -> NOT_FOUND. A status without an error in the tree takes the code of the nearest one."""
    status = error.code or INTERNAL.http
    alike = [kind.code for kind in TREE if kind.code.http == status]
    code = alike[0] if alike else Invalid.code if status < 500 else INTERNAL
    found = AppError(re.sub(r"\W+", "_", error.name).upper(), error.description or error.name)
    found.code = Code(code.number, code.name, status)
    return found


def _note_route() -> None:
    rule = flask.request.url_rule
    flask.request.environ[_ROUTE] = rule.rule if rule else "unknown"


def _limit_chunked_body() -> None:
    # If a body has no Content-Length, werkzeug reads up to the limit and ignores the rest.
    request = flask.request
    if "HTTP_TRANSFER_ENCODING" in request.environ and len(request.get_data()) >= MAX_BODY_BYTES:
        flask.abort(413)


class _Instrumented:
    """A WSGI app with the request context, a span, and the request's duration by route around it."""

    def __init__(self, app: Wsgi) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Wsgi) -> Any:
        started = time.perf_counter()
        statuses: list[str] = []

        def start(status: str, *rest: Any) -> Any:
            statuses.append(status[:3])
            return start_response(status, *rest)

        method = environ["REQUEST_METHOD"] if environ["REQUEST_METHOD"] in _METHODS else "_OTHER"
        headers = {
            key[5:].replace("_", "-").lower(): value
            for key, value in environ.items()
            if key.startswith("HTTP_")
        }
        current = context.RequestContext(headers, context.deadline_in(headers))
        with context.use_context(current), telemetry.span(method, telemetry.SERVER, {}) as span:
            body = self._app(environ, start)
            route, status = environ.get(_ROUTE, "unknown"), statuses[0] if statuses else "500"
            if span is not None:
                span.update_name(f"{method} {route}")
                span.set_attribute("http.request.method", method)
                span.set_attribute("http.route", route)
                span.set_attribute("http.response.status_code", int(status))
                if status >= "500":
                    telemetry.mark_failed(span, status)
        HTTP_SERVER.labels(method, route, status).observe(time.perf_counter() - started)
        return body
