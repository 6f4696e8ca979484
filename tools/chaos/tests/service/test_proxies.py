"""The fault proxies, with real sockets."""

import contextlib
import socket
import threading
import time

import pytest

from tools.chaos.answers import HttpAnswers
from tools.chaos.proxies import Condition, Proxies, State

EDGE = "caller -> callee"


class Callee:
    """A server that answers every chunk with the same in capital letters, and remembers what it was sent."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.received = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._talk, args=self.socket.accept()[:1], daemon=True).start()

    def _talk(self, connection):
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
    with Proxies({EDGE: (callee.port, HttpAnswers)}) as proxies:
        yield proxies


@pytest.fixture
def connect(proxies):
    """Opens a connection through the proxy."""
    with contextlib.ExitStack() as opened:
        yield lambda: opened.enter_context(socket.create_connection(("127.0.0.1", proxies.ports[EDGE]), 5))


def ask(connection, text=b"hello"):
    connection.sendall(text)
    return connection.recv(1000)


def hears_nothing(connection):
    connection.settimeout(0.2)
    with pytest.raises(TimeoutError):
        connection.recv(1000)
    return True


def wait_until(condition):
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_passes_is_answered(connect):
    connection = connect()
    assert [ask(connection, b"one"), ask(connection, b"two")] == [b"ONE", b"TWO"]


def test_the_end_of_a_connection_is_passed_on(connect, callee):
    connection = connect()
    ask(connection)
    connection.shutdown(socket.SHUT_WR)
    assert connection.recv(1000) == b""


def test_a_callee_that_is_not_there_costs_the_connection(callee):
    with Proxies({EDGE: (callee.port, HttpAnswers)}) as proxies:
        callee.socket.shutdown(socket.SHUT_RDWR)
        callee.socket.close()
        address = ("127.0.0.1", proxies.ports[EDGE])
        with pytest.raises(ConnectionResetError), socket.create_connection(address, 5) as connection:
            connection.recv(1000)


def test_a_delay_holds_up_both_directions(connect, proxies):
    connection = connect()
    proxies.change(EDGE, Condition(State.DELAYING, 0.1))
    began = time.monotonic()
    assert ask(connection) == b"HELLO"
    assert time.monotonic() - began >= 0.2


def test_nothing_overtakes_what_was_delayed(connect, proxies, callee):
    connection = connect()
    ask(connection)
    proxies.change(EDGE, Condition(State.DELAYING, 0.3))
    connection.sendall(b"first")
    time.sleep(0.05)  # so that the two are chunks of their own
    proxies.change(EDGE, Condition())
    connection.sendall(b"second")
    wait_until(lambda: b"".join(callee.received) == b"hellofirstsecond")


def test_a_cut_resets_what_is_open_and_refuses_what_comes(connect, proxies):
    connection = connect()
    ask(connection)
    proxies.change(EDGE, Condition(State.CUT))
    with pytest.raises(ConnectionResetError):
        connection.recv(1000)
    with pytest.raises(ConnectionRefusedError):
        connect()


def test_after_a_cut_the_edge_is_found_at_the_same_port(connect, proxies):
    for _ in range(3):
        proxies.change(EDGE, Condition(State.CUT))
        proxies.change(EDGE, Condition())
        assert ask(connect()) == b"HELLO"


def test_silence_swallows_what_old_and_new_connections_say(connect, proxies, callee):
    old = connect()
    ask(old)
    proxies.change(EDGE, Condition(State.SILENT))
    new = connect()
    for connection in (old, new):
        connection.sendall(b"lost")
        assert hears_nothing(connection)
    assert callee.received == [b"hello"]


def test_after_silence_a_connection_that_has_lost_something_is_reset(connect, proxies):
    connection, unused = connect(), connect()
    ask(connection), ask(unused)
    proxies.change(EDGE, Condition(State.SILENT))
    connection.sendall(b"lost")
    hears_nothing(connection)
    proxies.change(EDGE, Condition())
    connection.settimeout(5)
    with pytest.raises(ConnectionResetError):
        connection.recv(1000)
    assert ask(unused) == b"HELLO"


def test_a_lost_answer_comes_after_the_request_has_arrived(connect, proxies, callee):
    connection = connect()
    proxies.change(EDGE, Condition(State.LOSING_ANSWERS))
    connection.sendall(b"pay")
    with pytest.raises(ConnectionResetError):
        connection.recv(1000)
    assert callee.received == [b"pay"]


def test_nothing_is_left_when_the_proxies_are_gone(callee):
    with Proxies({EDGE: (callee.port, HttpAnswers)}) as proxies:
        port = proxies.ports[EDGE]
        connection = socket.create_connection(("127.0.0.1", port), 5)
        ask(connection)
    with pytest.raises(ConnectionResetError):
        connection.recv(1000)
    connection.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 5)
