"""What a lost answer means: with real servers, it was done, and who asked does not know."""

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import grpc
import psycopg
import pytest

from chaos.answers import GrpcAnswers, PostgresAnswers
from chaos.proxies import Condition, Proxies, State
from chassis.testing import eventually
from laptop.postgres import create_database

LOSING = Condition(State.LOSING_ANSWERS)


@pytest.fixture
def url(postgres_url):
    url = create_database(postgres_url)
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE notes (text text)")
    return url


@pytest.fixture
def way(url):
    """Loses the answers of the database from now on; gives the URL that leads there."""
    parts = urlsplit(url)
    with Proxies({"way": (parts.port, PostgresAnswers)}) as proxies:
        proxies.change("way", LOSING)
        yield url.replace(f":{parts.port}/", f":{proxies.ports['way']}/")


def notes(url):
    with psycopg.connect(url) as connection:
        return [text for (text,) in connection.execute("SELECT text FROM notes").fetchall()]


def test_a_statement_whose_answer_is_lost_has_taken_effect(way, url):
    with psycopg.connect(way, autocommit=True) as connection, pytest.raises(psycopg.OperationalError):
        connection.execute("INSERT INTO notes VALUES ('written')")
    eventually(lambda: notes(url) == ["written"])


def test_of_a_transaction_it_is_the_answer_to_the_commit_that_is_lost(way, url):
    with psycopg.connect(way) as connection:
        connection.execute("INSERT INTO notes VALUES ('first')")
        connection.execute("INSERT INTO notes VALUES ('second')")
        with pytest.raises(psycopg.OperationalError):
            connection.commit()
    eventually(lambda: notes(url) == ["first", "second"])


class Counting(grpc.GenericRpcHandler):
    """A gRPC server's only method: it counts its calls."""

    def __init__(self):
        self.calls = 0

    def service(self, details):
        def answer(request, context):
            self.calls += 1
            return b"done"

        return grpc.unary_unary_rpc_method_handler(answer)


def test_a_grpc_call_whose_answer_is_lost_was_made(free_port):
    counting, port = Counting(), free_port()
    server = grpc.server(ThreadPoolExecutor(1), handlers=[counting])
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    with Proxies({"way": (port, GrpcAnswers)}) as proxies:
        address = f"127.0.0.1:{proxies.ports['way']}"
        with grpc.insecure_channel(address, options=[("grpc.enable_retries", 0)]) as channel:
            call = channel.unary_unary("/a/Method")
            assert call(b"", timeout=5) == b"done"
            proxies.change("way", LOSING)
            with pytest.raises(grpc.RpcError) as lost:
                call(b"", timeout=5)
    server.stop(0)
    assert (lost.value.code(), counting.calls) == (grpc.StatusCode.UNAVAILABLE, 2)
