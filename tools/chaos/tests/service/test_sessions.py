"""How a session records responses that are complete, truncated or missing."""

import random
import socket
import threading

import pytest

from tools.chaos.exchanges import Account, Session


class Server:
    """Answers one request with fixed bytes, and closes the connection. Records the requests."""

    def __init__(self, listener):
        self._listener = listener
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.received = []

    def respond(self, response):
        """Answer the next request with this response."""
        threading.Thread(target=self._respond, args=(response,), daemon=True).start()

    def _respond(self, response):
        connection, _ = self._listener.accept()
        with connection:
            self.received.append(connection.recv(10_000).decode())
            connection.sendall(response)


@pytest.fixture
def server():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield Server(listener)


@pytest.fixture
def session(server):
    return Session(Account("ada", "a-token"), server.url, random.Random(1))


def test_a_redirect_is_recorded_and_not_followed(server, session):
    server.respond(b"HTTP/1.1 303 See Other\r\nLocation: /orders/1\r\nContent-Length: 0\r\n\r\n")
    found = session.open("/checkout", {"card": "tok_visa"})
    assert (found.status, found.location, found.failure) == (303, "/orders/1", "")
    assert session.history.exchanges == [found]


def test_api_requests_have_the_token_and_pages_have_the_session_cookie(server, session):
    response = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    server.respond(response)
    session.call("PUT", "/api", 2.0, {"quantity": 1}, key="a-key")
    server.respond(response)
    session.open("/")
    api, page = server.received
    assert "Authorization: Bearer a-token" in api
    assert "Idempotency-Key: a-key" in api
    assert "Cookie: session=a-token" in page


@pytest.mark.parametrize(
    ("header", "body"),
    [(b"Content-Length: 9", b"half"), (b"Transfer-Encoding: chunked", b"9\r\nhalf")],
    ids=["length", "chunked"],
)
def test_a_response_that_ends_too_early_is_truncated(server, session, header, body):
    server.respond(b"HTTP/1.1 200 OK\r\n" + header + b"\r\n\r\n" + body)
    found = session.open("/")
    assert (found.status, found.is_truncated) == (0, True)


def test_a_closed_connection_is_no_response(server, session):
    server.respond(b"")
    found = session.open("/")
    assert (found.status, found.is_truncated) == (0, False)
    assert "ConnectionError" in found.failure
