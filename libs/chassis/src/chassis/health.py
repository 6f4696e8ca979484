"""Liveness and readiness, and the admin server that tells them: /livez, /readyz and /metrics.

Live: the process works; restart it where it is not. Ready: it can answer now; send it nothing where it can't.
"""

import json
import logging
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn

from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest

log = logging.getLogger(__name__)
Check = Callable[[], None]
_CLIENT_SECONDS = 5
_POLL_SECONDS = 0.1  # how soon it notices that it shall stop
READY = Gauge("market_ready", "Whether the service can answer: 1, or 0 where /readyz says why not.")


class Readiness:
    """Named checks, registered beside what they check. One returns where all is well and raises where not."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}
        self.stopping = False
        self._was_ready: bool | None = None

    def add(self, name: str, check: Check) -> None:
        """Registers a check."""
        self._checks[name] = check

    def stop(self) -> None:
        """From now on not ready: the process is about to stop."""
        self.stopping = True

    def problems(self) -> dict[str, str]:
        """Why the service is not ready, by check; empty where it is ready."""
        if self.stopping:
            return {"lifecycle": "stopping"}
        found: dict[str, str] = {}
        for name, check in self._checks.items():
            try:
                check()
            except Exception as error:  # a check may fail in any way, and each means "not ready"
                found[name] = (str(error) or type(error).__name__).splitlines()[0]
        self._tell(found)
        return found

    def _tell(self, found: dict[str, str]) -> None:
        ready = not found
        if ready != self._was_ready:
            level = logging.INFO if ready else logging.WARNING
            log.log(level, "ready" if ready else "not ready", extra={"problems": found})
            self._was_ready = ready


class AdminServer:
    """Answers /livez, /readyz and /metrics on a port of its own, which the gateway does not publish."""

    def __init__(self, host: str, port: int, readiness: Readiness) -> None:
        self._server = _Server((host, port), _handler(readiness))
        READY.set_function(lambda: float(not readiness.problems()))
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), name="admin", daemon=True
        )

    def start(self) -> None:
        """Begins to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Stops answering and frees the port."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingMixIn, TCPServer):
    # Not HTTPServer: that asks the name service for the host's name at start, which may take seconds.
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        """A prober that hangs up early is no news."""


def _handler(readiness: Readiness) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = _CLIENT_SECONDS

        def do_GET(self) -> None:
            match self.path.partition("?")[0]:
                case "/livez":
                    self._answer(200, {"status": "live"})
                case "/readyz":
                    problems = readiness.problems()
                    status = "not ready" if problems else "ready"
                    self._answer(503 if problems else 200, {"status": status, **problems})
                case "/metrics":
                    self._send(200, CONTENT_TYPE_LATEST, generate_latest())
                case _:
                    self._answer(404, {"status": "no such page", "pages": ["/livez", "/readyz", "/metrics"]})

        def _answer(self, status: int, body: dict[str, object]) -> None:
            self._send(status, "application/json", json.dumps(body).encode() + b"\n")

        def _send(self, status: int, content_type: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Probes come every few seconds; a line for each would bury the rest."""

    return Handler
