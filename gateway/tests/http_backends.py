"""Minimal HTTP services behind the gateway: real servers that record their calls.

Every path answers 200 with a page. If a call is to fail, the connection closes without a response.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from gateway.tests.call_log import Call, CallLog

OWN_POLICY = "default-src 'self'"
PAGE = b"<!doctype html><title>Night Market</title>" + b"<p>Lamps, lanterns and more lamps.</p>" * 100


@dataclass(frozen=True)
class Page:
    """A response."""

    body: bytes
    content_type: str = "text/html; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class HttpBackend:
    """A running HTTP service."""

    port: int
    log: CallLog


def storefront_page(path: str) -> Page:
    """Return a page like the storefront's, with its own content security policy."""
    return Page(PAGE, headers={"Content-Security-Policy": OWN_POLICY, "Server": "storefront/1.0"})


def accounts_page(jwks: Callable[[], dict[str, object]]) -> Callable[[str], Page]:
    """Return a function like the accounts service: the JWKS, or an empty JSON object for all other paths."""

    def page(path: str) -> Page:
        document = jwks() if path == "/.well-known/jwks.json" else {}
        return Page(json.dumps(document).encode(), "application/json")

    return page


@contextmanager
def running(answer: Callable[[str], Page], port: int = 0) -> Iterator[HttpBackend]:
    """Run an HTTP service on 127.0.0.1, on a free port if `port` is 0; `answer` returns the page of a path."""
    log = CallLog()
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(log, answer))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield HttpBackend(server.server_port, log)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(log: CallLog, answer: Callable[[str], Page]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # headers and body in one packet; otherwise the client waits 40 ms for the second

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {key.lower(): value for key, value in self.headers.items()}
            if log.record(Call(self.command, self.path, headers, body)):
                self.close_connection = True
                return
            self._send(answer(self.path))

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = handle_any

        def _send(self, page: Page) -> None:
            self.send_response_only(200)
            length = str(len(page.body))
            headers = {"Content-Type": page.content_type, "Content-Length": length, **page.headers}
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(page.body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
