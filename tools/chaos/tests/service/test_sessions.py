"""How a session records responses that are complete, truncated or missing."""

import random
import socket
import threading

import pytest

from tools.chaos.exchanges import Account, Session


@pytest.fixture
def serve():
    """Starts a server that answers its first request with these bytes and closes the connection. Returns the URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def start(response):
            def respond():
                connection, _ = listener.accept()
                with connection:
                    received.append(connection.recv(10_000).decode())
                    connection.sendall(response)

            threading.Thread(target=respond, daemon=True).start()
            return f"http://127.0.0.1:{listener.getsockname()[1]}"

        received = start.received = []
        yield start


def session(url):
    return Session(Account("ada", "a-token"), url, random.Random(1))


def test_a_redirect_is_recorded_and_not_followed(serve):
    url = serve(b"HTTP/1.1 303 See Other\r\nLocation: /orders/1\r\nContent-Length: 0\r\n\r\n")
    user = session(url)
    found = user.open("/checkout", {"card": "tok_visa"})
    assert (found.status, found.location, found.failure) == (303, "/orders/1", "")
    assert user.history.exchanges == [found]


def test_api_requests_have_the_token_and_pages_have_the_session_cookie(serve):
    response = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    session(serve(response)).call("PUT", "/api", 2.0, {"quantity": 1}, key="a-key")
    session(serve(response)).open("/")
    api, page = serve.received
    assert "Authorization: Bearer a-token" in api
    assert "Idempotency-Key: a-key" in api
    assert "Cookie: session=a-token" in page


@pytest.mark.parametrize(
    ("header", "body"),
    [(b"Content-Length: 9", b"half"), (b"Transfer-Encoding: chunked", b"9\r\nhalf")],
    ids=["length", "chunked"],
)
def test_a_response_that_ends_too_early_is_truncated(serve, header, body):
    found = session(serve(b"HTTP/1.1 200 OK\r\n" + header + b"\r\n\r\n" + body)).open("/")
    assert (found.status, found.is_truncated) == (0, True)


def test_a_closed_connection_is_no_response(serve):
    found = session(serve(b"")).open("/")
    assert (found.status, found.is_truncated) == (0, False)
    assert "ConnectionError" in found.failure
