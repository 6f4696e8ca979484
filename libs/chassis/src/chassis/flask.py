"""Flask: what every HTTP service needs around its routes, and gunicorn to serve it."""

import logging
import time
from collections.abc import Callable
from typing import Any

import flask
from gunicorn.app.base import BaseApplication
from gunicorn.workers.gthread import ThreadWorker
from werkzeug.exceptions import HTTPException

from chassis import call, telemetry
from chassis.call import Call
from chassis.errors import MarketError, Refusals, as_status, translated
from chassis.lifecycle import Service
from chassis.metrics import HTTP_SERVER

log = logging.getLogger(__name__)
MAX_BODY_BYTES = 64 * 1024
_THREADS = 8
ErrorPage = Callable[[MarketError, int], flask.typing.ResponseReturnValue]


def as_json(error: MarketError, status: int) -> flask.typing.ResponseReturnValue:
    """The default answer to an error: google.rpc.Status in JSON."""
    return flask.jsonify(as_status(error)), status


def furnish(app: flask.Flask, refusals: Refusals, error_page: ErrorPage = as_json) -> flask.Flask:
    """Adds the current call, traces, metrics, errors and a limit on bodies to an app; returns it.

    `refusals` maps the domain's exceptions to the error tree; `error_page` makes the answer to an error.
    """
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES

    def refused(error: Exception) -> flask.typing.ResponseReturnValue:
        if isinstance(error, HTTPException):
            status = error.code or 500
            reason = error.name.upper().replace(" ", "_")
            if status < 400:
                return error.get_response()
            return error_page(_http_error(status, reason, error.description or error.name), status)
        found = translated(error, refusals)
        if found is None:
            log.exception("unexpected error", extra={"path": flask.request.path})
            found = MarketError("INTERNAL", "Something went wrong on our side.")
        else:
            log.info(
                "refused", extra={"path": flask.request.path, "reason": found.reason, "detail": found.message}
            )
        return error_page(found, found.code.http)

    app.register_error_handler(Exception, refused)
    app.wsgi_app = _Wrapper(app, app.wsgi_app)  # type: ignore[method-assign]
    return app


def _http_error(status: int, reason: str, message: str) -> MarketError:
    from chassis.errors import INTERNAL, TREE, Code, Invalid

    error = MarketError(reason, message)
    like = next(
        (kind.code for kind in TREE if kind.code.http == status), Invalid.code if status < 500 else INTERNAL
    )
    error.code = Code(like.number, like.name, status)
    return error


class _Wrapper:
    """Around the whole app: the current call, a span, and the request's duration by route."""

    def __init__(self, app: flask.Flask, inner: Callable[..., Any]) -> None:
        self._app = app
        self._inner = inner
        app.before_request(self._note_route)

    @staticmethod
    def _note_route() -> None:
        rule = flask.request.url_rule
        flask.request.environ["market.route"] = rule.rule if rule else "unknown"

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        started = time.perf_counter()
        answered: list[str] = []

        def start(status: str, *rest: Any) -> Any:
            answered.append(status[:3])
            return start_response(status, *rest)

        method = environ["REQUEST_METHOD"]
        with call.answering(Call(_headers(environ))), telemetry.span(method, telemetry.SERVER, {}) as span:
            body = self._inner(environ, start)
            route, status = environ.get("market.route", "unknown"), answered[0] if answered else "500"
            if span is not None:
                span.update_name(f"{method} {route}")
                span.set_attributes(
                    {
                        "http.request.method": method,
                        "http.route": route,
                        "http.response.status_code": int(status),
                    }
                )
                if status >= "500":
                    telemetry.failed(span, status)
        HTTP_SERVER.labels(method, route, status).observe(time.perf_counter() - started)
        return body


def _headers(environ: dict[str, Any]) -> dict[str, str]:
    return {
        key[5:].replace("_", "-").lower(): value for key, value in environ.items() if key.startswith("HTTP_")
    }


class _Worker(ThreadWorker):
    """gunicorn's thread worker inside the market's lifecycle."""

    def handle_exit(self, sig: int, frame: object) -> None:
        self.app.service.leave()
        super().handle_exit(sig, frame)


class _Gunicorn(BaseApplication):
    def __init__(self, service: Service, build: Callable[[], flask.Flask]) -> None:
        self.service = service
        self._build = build
        super().__init__()

    def load_config(self) -> None:
        config = self.service.config
        settings = {
            "bind": f"{config.host}:{config.port}",
            "worker_class": _Worker,
            "threads": _THREADS,
            "graceful_timeout": int(config.stop_seconds + config.drain_seconds),
            "keepalive": 75,  # longer than the gateway keeps idle connections, so that it never meets a closed one
            "control_socket_disable": True,
            "post_worker_init": lambda _worker: self.service.start(),
            "worker_exit": lambda _arbiter, _worker: self.service.stop(),
            "logconfig_dict": {"version": 1, "disable_existing_loggers": False},
        }
        for name, value in settings.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> flask.Flask:
        return self._build()


def run(service: Service, build: Callable[[], flask.Flask]) -> None:
    """Serves the app that `build` makes until SIGTERM, as one process with eight threads under gunicorn.

    `build` and the service's own start run in the worker process, after the fork: threads and gRPC channels
    don't survive one.
    """
    _Gunicorn(service, build).run()
