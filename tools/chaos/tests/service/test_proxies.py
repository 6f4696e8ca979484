"""The fault proxies, with real sockets."""

import contextlib
import socket
import threading
import time

import pytest

from tests.support.waiting import wait_until
from tools.chaos.proxies import Mode, Proxies
from tools.chaos.responses import HttpDetector

EDGE = "caller -> callee"


class Callee:
    """A server that returns every chunk in capital letters, and records the chunks."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.received = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._respond, args=self.socket.accept()[:1], daemon=True).start()

    def _respond(self, connection):
        with contextlib.suppress(OSError), connection:
            while chunk := connection.recv(1000):
                self.received.append(chunk)
                connection.sendall(chunk.upper())


@pytest.fixture
def callee():
    callee = Callee()
    yield callee
    callee.socket.close()


@pytest.fixture
def proxies(callee):
    with Proxies({EDGE: (callee.port, HttpDetector)}) as proxies:
        yield proxies


@pytest.fixture
def connect(proxies):
    """Opens a connection through the proxy."""
    with contextlib.ExitStack() as stack:
        yield lambda: stack.enter_context(socket.create_connection(("127.0.0.1", proxies.ports[EDGE]), 5))


def send(connection, text=b"hello"):
    connection.sendall(text)
    return connection.recv(1000)


def receives_nothing(connection):
    connection.settimeout(0.2)
    with pytest.raises(TimeoutError):
        connection.recv(1000)
    return True


def test_a_proxy_forwards_requests_and_responses(connect):
    connection = connect()
    assert [send(connection, b"one"), send(connection, b"two")] == [b"ONE", b"TWO"]


def test_a_closed_connection_is_closed_on_the_other_side(connect, callee):
    connection = connect()
    send(connection)
    connection.shutdown(socket.SHUT_WR)
    assert connection.recv(1000) == b""


def test_the_connection_is_reset_if_the_callee_is_down(callee):
    with Proxies({EDGE: (callee.port, HttpDetector)}) as proxies:
        callee.socket.shutdown(socket.SHUT_RDWR)
        callee.socket.close()
        address = ("127.0.0.1", proxies.ports[EDGE])
        with pytest.raises(ConnectionResetError), socket.create_connection(address, 5) as connection:
            connection.recv(1000)


def test_a_delay_applies_to_both_directions(connect, proxies):
    connection = connect()
    proxies.set(EDGE, Mode.DELAY, 0.1)
    start = time.monotonic()
    assert send(connection) == b"HELLO"
    assert time.monotonic() - start >= 0.2


def test_delayed_data_stays_in_order(connect, proxies, callee):
    connection = connect()
    send(connection)
    proxies.set(EDGE, Mode.DELAY, 0.3)
    connection.sendall(b"first")
    time.sleep(0.05)  # so that these are two chunks
    proxies.set(EDGE, Mode.FORWARD)
    connection.sendall(b"second")
    wait_until(lambda: b"".join(callee.received) == b"hellofirstsecond")


def test_a_cut_resets_open_connections_and_rejects_new_ones(connect, proxies):
    connection = connect()
    send(connection)
    proxies.set(EDGE, Mode.CUT)
    with pytest.raises(ConnectionResetError):
        connection.recv(1000)
    with pytest.raises(ConnectionRefusedError):
        connect()


def test_after_a_cut_the_proxy_listens_on_the_same_port(connect, proxies):
    for _ in range(3):
        proxies.set(EDGE, Mode.CUT)
        proxies.set(EDGE, Mode.FORWARD)
        assert send(connect()) == b"HELLO"


def test_a_blackhole_drops_the_data_of_old_and_new_connections(connect, proxies, callee):
    old = connect()
    send(old)
    proxies.set(EDGE, Mode.BLACKHOLE)
    new = connect()
    for connection in (old, new):
        connection.sendall(b"lost")
        assert receives_nothing(connection)
    assert callee.received == [b"hello"]


def test_after_a_blackhole_a_connection_that_has_lost_data_is_reset(connect, proxies):
    connection, unused = connect(), connect()
    send(connection), send(unused)
    proxies.set(EDGE, Mode.BLACKHOLE)
    connection.sendall(b"lost")
    receives_nothing(connection)
    proxies.set(EDGE, Mode.FORWARD)
    connection.settimeout(5)
    with pytest.raises(ConnectionResetError):
        connection.recv(1000)
    assert send(unused) == b"HELLO"


def test_a_response_is_dropped_after_the_request_has_arrived(connect, proxies, callee):
    connection = connect()
    proxies.set(EDGE, Mode.DROP_RESPONSES)
    connection.sendall(b"pay")
    with pytest.raises(ConnectionResetError):
        connection.recv(1000)
    assert callee.received == [b"pay"]


def test_closing_the_proxies_closes_ports_and_connections(callee):
    with Proxies({EDGE: (callee.port, HttpDetector)}) as proxies:
        port = proxies.ports[EDGE]
        connection = socket.create_connection(("127.0.0.1", port), 5)
        send(connection)
    with pytest.raises(ConnectionResetError):
        connection.recv(1000)
    connection.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 5)
