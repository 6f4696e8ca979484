"""Stands in for a service in the tests of laptop mode: answers "ready" on its ports, and starts at once.

Run as ``python -m NAME`` from a folder where it lies under each service's name.
"""

from __future__ import annotations

import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Ready(BaseHTTPRequestHandler):
    """Answers every page with 200."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


servers = [
    ThreadingHTTPServer((os.environ["HOST"], int(os.environ[name])), Ready)
    for name in ("PORT", "ADMIN_PORT")
    if name in os.environ
]
for server in servers:
    threading.Thread(target=server.serve_forever, daemon=True).start()
print("started", flush=True)
threading.Event().wait()
