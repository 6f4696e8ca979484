"""A fake of accounts that follows its HTTP interface: a real server on loopback."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from chassis.errors import AppError, Conflict, Unauthenticated, as_status
from services.storefront.tests.fakes.state import State

EXPIRES = "2099-01-01T00:00:00Z"


class FakeAccounts:
    """Keeps passwords by email address. The token of an account is token-of-<email address>."""

    def __init__(self, state: State) -> None:
        self._state = state

    def answer(self, method: str, path: str, body: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Return the status and the JSON body for a request."""
        try:
            self._state.record("accounts", f"{method} {path}")
            if path == "/.well-known/jwks.json":
                return 200, {"keys": []}
            if path == "/api/v1/accounts":
                return 201, self._sign_up(**body)
            return 200, self._sign_in(**body)
        except AppError as error:
            return error.code.http, as_status(error)

    def _sign_up(self, email: str, password: str, name: str) -> dict[str, Any]:
        if email in self._state.accounts:
            raise Conflict("EMAIL_TAKEN", "There is already an account with this email address.")
        self._state.accounts[email] = password
        return {"account": {"id": email, "email": email, "name": name}}

    def _sign_in(self, email: str, password: str) -> dict[str, Any]:
        if self._state.accounts.get(email) != password:
            raise Unauthenticated("CREDENTIALS_WRONG", "Wrong email address or password.")
        return {"token": f"token-of-{email}", "expiresAt": EXPIRES}


@contextmanager
def serving(accounts: FakeAccounts) -> Iterator[str]:
    """Serve the fake on a free port and return its URL."""

    class Handler(BaseHTTPRequestHandler):
        wbufsize = -1

        def _any(self) -> None:
            text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, answer = accounts.answer(self.command, self.path, json.loads(text or "{}"))
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _any

        def log_message(self, *_: object) -> None:
            """Suppress the request log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
