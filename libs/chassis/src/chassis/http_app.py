"""Flask: what every HTTP service needs around its routes."""

import logging
import re
import time
from collections.abc import Callable
from typing import Any

import flask
from werkzeug.exceptions import HTTPException

from chassis import context, telemetry
from chassis.context import RequestContext
from chassis.errors import INTERNAL, TREE, AppError, Code, ErrorMap, Invalid, as_status, translated
from chassis.metrics import HTTP_SERVER

log = logging.getLogger(__name__)
MAX_BODY_BYTES = 64 * 1024
_ROUTE = "market.route"
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
ErrorPage = Callable[[AppError, int], flask.typing.ResponseReturnValue]


def as_json(error: AppError, status: int) -> flask.typing.ResponseReturnValue:
    """The default answer to an error: google.rpc.Status in JSON."""
    return flask.jsonify(as_status(error)), status


def init_app(app: flask.Flask, error_map: ErrorMap, error_page: ErrorPage = as_json) -> flask.Flask:
    """Adds the current call, traces, metrics, errors and a limit on bodies to an app; returns it.

    `error_map` maps the domain's exceptions to the error tree; `error_page` makes the answer to an error from it
    and its HTTP status.
    """
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES

    def refused(error: Exception) -> flask.typing.ResponseReturnValue:
        if not isinstance(error, HTTPException):
            found = _explained(error, error_map)
            return error_page(found, found.code.http)
        if error.code is None or error.code < 400:
            return error.get_response()
        response = flask.make_response(error_page(_http_error(error), error.code))
        # Such as Allow, which belongs to a 405.
        response.headers.update(
            {name: value for name, value in error.get_headers() if name != "Content-Type"}
        )
        return response

    app.register_error_handler(Exception, refused)
    app.before_request(_note_route)
    app.before_request(_measure_body)
    app.wsgi_app = _Wrapper(app.wsgi_app)  # type: ignore[method-assign]
    return app


def _explained(error: Exception, error_map: ErrorMap) -> AppError:
    path = flask.request.path
    found = translated(error, error_map)
    if found is None:
        log.exception("unexpected error", extra={"path": path})
        return AppError("INTERNAL", "Something went wrong on our side.")
    level = logging.WARNING if found.code.http >= 500 else logging.INFO
    log.log(level, "refused", extra={"path": path, "reason": found.reason, "detail": found.message})
    return found


def _http_error(error: HTTPException) -> AppError:
    """404 Not Found -> NOT_FOUND. A status that the tree does not have takes the code of the nearest."""
    status = error.code or INTERNAL.http
    alike = [kind.code for kind in TREE if kind.code.http == status]
    code = alike[0] if alike else Invalid.code if status < 500 else INTERNAL
    found = AppError(re.sub(r"\W+", "_", error.name).upper(), error.description or error.name)
    found.code = Code(code.number, code.name, status)
    return found


def _note_route() -> None:
    rule = flask.request.url_rule
    flask.request.environ[_ROUTE] = rule.rule if rule else "unknown"


def _measure_body() -> None:
    # Of a body that comes without its length, werkzeug would read up to the limit and leave the rest.
    request = flask.request
    if "HTTP_TRANSFER_ENCODING" in request.environ and len(request.get_data()) >= MAX_BODY_BYTES:
        flask.abort(413)


class _Wrapper:
    """Around the whole app: the current call, a span, and the request's duration by route."""

    def __init__(self, inner: Callable[..., Any]) -> None:
        self._inner = inner

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        started = time.perf_counter()
        answered: list[str] = []

        def start(status: str, *rest: Any) -> Any:
            answered.append(status[:3])
            return start_response(status, *rest)

        method = environ["REQUEST_METHOD"] if environ["REQUEST_METHOD"] in _METHODS else "_OTHER"
        headers = _headers(environ)
        now = RequestContext(headers, context.deadline_in(headers))
        with context.use_context(now), telemetry.span(method, telemetry.SERVER, {}) as span:
            body = self._inner(environ, start)
            route, status = environ.get(_ROUTE, "unknown"), answered[0] if answered else "500"
            if span is not None:
                span.update_name(f"{method} {route}")
                span.set_attribute("http.request.method", method)
                span.set_attribute("http.route", route)
                span.set_attribute("http.response.status_code", int(status))
                if status >= "500":
                    telemetry.failed(span, status)
        HTTP_SERVER.labels(method, route, status).observe(time.perf_counter() - started)
        return body


def _headers(environ: dict[str, Any]) -> dict[str, str]:
    return {
        key[5:].replace("_", "-").lower(): value for key, value in environ.items() if key.startswith("HTTP_")
    }
