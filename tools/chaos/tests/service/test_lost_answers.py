"""What a lost answer means: with real servers, it was done, and who asked does not know."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import urlsplit

import grpc
import psycopg
import pytest

from chassis.testing import eventually
from laptop.postgres import create_database
from laptop.throwaway import temporary_folder
from mesh.site import Address
from mesh.tests.small_mesh import running_mesh, small_site
from tools.chaos.answers import GrpcAnswers, PostgresAnswers, SecureGrpcAnswers, SecureHttpAnswers
from tools.chaos.proxies import Condition, Proxies, State

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


@pytest.fixture
def mesh_and_way():
    """A small mesh of real sidecars, and the proxies in front of the shelf's and the desk's."""
    with temporary_folder("market-lost-") as folder:
        site = small_site(folder)
        spoken = {"shelf": SecureGrpcAnswers, "desk": SecureHttpAnswers}
        doors = {one.name: one.door.port for one in site.workloads if one.door}
        with Proxies({name: (doors[name], answers) for name, answers in spoken.items()}) as proxies:
            led = [
                replace(one, reached_at=Address("127.0.0.1", proxies.ports[one.name]))
                if one.name in spoken
                else one
                for one in site.workloads
            ]
            with running_mesh(replace(site, workloads=tuple(led)), folder) as mesh:
                yield mesh, proxies


def test_a_call_between_sidecars_whose_answer_is_lost_was_made(mesh_and_way):
    mesh, proxies = mesh_and_way
    assert mesh.take() == "shelf"
    proxies.change("shelf", LOSING)
    for calls in (2, 3):  # by the connection that is there, and by a new one
        with pytest.raises(grpc.RpcError) as lost:
            mesh.take()
        assert (lost.value.code(), len(mesh.received["shelf"])) == (grpc.StatusCode.UNAVAILABLE, calls)


def test_a_request_between_sidecars_whose_answer_is_lost_was_made(mesh_and_way):
    mesh, proxies = mesh_and_way
    assert mesh.knock() == 200
    proxies.change("desk", LOSING)
    for calls in (2, 3):
        assert (mesh.knock(), len(mesh.received["desk"])) == (503, calls)
