"""What programs request: readiness, static files, robots.txt."""

import hashlib
import mimetypes
from collections.abc import Callable
from pathlib import Path
from threading import Condition

import flask
from cachetools import TTLCache, cached
from flask.typing import ResponseReturnValue
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub
from werkzeug.wrappers import Response

from chassis.errors import AppError, NotFound
from chassis.grpc_client import Channel
from chassis.telemetry import watch
from storefront.clients import Clients
from storefront.metrics import CAN_SELL

bp = flask.Blueprint("system", __name__)
REQUIRED = ("catalog", "inventory", "cart", "orders")
_CHECK_TIMEOUT = 1.0
_TTL = 1.0
_DAY = 24 * 60 * 60
_YEAR = 365 * _DAY


@bp.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Return 200 if the shop can sell, or 503 with the services that are missing."""
    readiness: ShopReadiness = flask.current_app.extensions["readiness"]
    problems = readiness.problems()
    return {"status": "not ready" if problems else "ready", **problems}, 503 if problems else 200


@bp.get("/static/<version>/<name>")
def static_file(version: str, name: str) -> ResponseReturnValue:
    """Return a static file. Browsers may keep it for a year if the path has the current version."""
    return STATIC_FILES.response(name, version)


@bp.get("/favicon.svg")
def favicon() -> ResponseReturnValue:
    """Return the icon."""
    return STATIC_FILES.response("favicon.svg", max_age=_DAY)


@bp.get("/robots.txt")
def robots() -> ResponseReturnValue:
    """Return the rules for crawlers."""
    return STATIC_FILES.response("robots.txt", max_age=_DAY)


class ShopReadiness:
    """Checks whether the shop can sell: every service that a purchase needs answers within a second.

    All services are checked at the same time. The result is kept for a second.
    """

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._checks: dict[str, Callable[[], str]] = {
            name: _grpc_check(clients.channels[name]) for name in REQUIRED
        }
        self._checks["accounts"] = lambda: _accounts_problem(clients)
        self.problems = cached(TTLCache(maxsize=1, ttl=_TTL), condition=Condition())(self._problems)
        watch(CAN_SELL, lambda: not self.problems())

    def _problems(self) -> dict[str, str]:
        """Return what is wrong, by service. Empty if the shop can sell."""
        pending = {name: self._clients.concurrently(check) for name, check in self._checks.items()}
        results = {name: problem.result() for name, problem in pending.items()}
        return {name: problem for name, problem in results.items() if problem}


def _grpc_check(channel: Channel) -> Callable[[], str]:
    check = HealthStub(channel).Check

    def problem() -> str:
        try:
            status = check(HealthCheckRequest(), timeout=_CHECK_TIMEOUT).status
        except AppError:
            return "does not answer"
        return "" if status == HealthCheckResponse.SERVING else "is not ready"

    return problem


def _accounts_problem(clients: Clients) -> str:
    try:
        clients.accounts.check(_CHECK_TIMEOUT)
    except AppError as error:
        return "does not answer" if error.reason == "UPSTREAM_UNAVAILABLE" else "is not ready"
    return ""


class StaticFiles:
    """The files of a folder, in memory, with one version for all of them.

    Flask's own static route would answer 404 to the old version. While a new release is rolled out, pages of the old
    release still link to it.
    """

    def __init__(self, folder: Path) -> None:
        self._files = {file.name: file.read_bytes() for file in sorted(folder.iterdir())}
        digest = hashlib.sha256()
        for name, content in self._files.items():
            digest.update(name.encode() + b"\0" + content)
        self.version = digest.hexdigest()[:12]

    def url(self, name: str) -> str:
        """Return the URL of a file. It changes if any file changes."""
        return f"/static/{self.version}/{name}"

    def response(self, name: str, version: str = "", max_age: int = 0) -> Response:
        """Return a file with caching headers. Raises NotFound."""
        if name not in self._files:
            raise NotFound("FILE_NOT_FOUND", "There is no such file.")
        response = flask.Response(self._files[name], mimetype=mimetypes.guess_type(name)[0])
        is_current = version == self.version
        response.cache_control.public = True
        response.cache_control.max_age = _YEAR if is_current else max_age
        if is_current:
            response.cache_control.immutable = True
        response.set_etag(self.version)
        return response.make_conditional(flask.request)


STATIC_FILES = StaticFiles(Path(__file__).parents[1] / "static")
