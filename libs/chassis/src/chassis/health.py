"""Liveness and readiness, and the admin server that reports them: /livez, /readyz and /metrics.

Live: the process works; if not, restart it. Ready: the service can answer now; if not, send it no requests.
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
_CLIENT_TIMEOUT_SECONDS = 5
_POLL_SECONDS = 0.1  # how soon the server notices that it must stop
READY = Gauge("market_ready", "1 if the service is ready, 0 if not; /readyz has the reasons.")


class Readiness:
    """Named checks, registered beside what they check. A check raises an exception if there is a problem."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}
        self.stopping = False
        self._was_ready: bool | None = None

    def add(self, name: str, check: Check) -> None:
        """Register a check."""
        self._checks[name] = check

    def stop(self) -> None:
        """Report "not ready" from now on, because the process is about to stop."""
        self.stopping = True

    def problems(self) -> dict[str, str]:
        """Return why the service is not ready, by check; empty if it is ready."""
        if self.stopping:
            return {"lifecycle": "stopping"}
        found: dict[str, str] = {}
        for name, check in self._checks.items():
            try:
                check()
            except Exception as error:  # a check may fail in any way; each means "not ready"
                found[name] = (str(error) or type(error).__name__).splitlines()[0]
        ready = not found
        if ready != self._was_ready:
            level = logging.INFO if ready else logging.WARNING
            log.log(level, "ready" if ready else "not ready", extra={"problems": found})
            self._was_ready = ready
        return found


class AdminServer:
    """Answers /livez, /readyz and /metrics on a separate port, which the gateway does not publish."""

    def __init__(self, host: str, port: int, readiness: Readiness) -> None:
        self._server = _Server((host, port), _Handler)
        self._server.readiness = readiness
        READY.set_function(lambda: float(not readiness.problems()))
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), name="admin", daemon=True
        )

    def start(self) -> None:
        """Start to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and free the port."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingMixIn, TCPServer):
    # Not HTTPServer: that looks up the host's name at start, which may take seconds.
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 64
    readiness: Readiness

    def handle_error(self, *_: object) -> None:
        """Ignore clients that disconnect early."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = _CLIENT_TIMEOUT_SECONDS

    def do_GET(self) -> None:
        match self.path.partition("?")[0]:
            case "/livez":
                self._send_json(200, {"status": "live"})
            case "/readyz":
                problems = self.server.readiness.problems()
                status = "not ready" if problems else "ready"
                self._send_json(503 if problems else 200, {"status": status, **problems})
            case "/metrics":
                self._send(200, CONTENT_TYPE_LATEST, generate_latest())
            case _:
                self._send_json(404, {"status": "no such page", "pages": ["/livez", "/readyz", "/metrics"]})

    def _send_json(self, status: int, body: dict[str, object]) -> None:
        self._send(status, "application/json", json.dumps(body).encode() + b"\n")

    def _send(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing: probes come every few seconds."""
