"""Dropped responses with real servers: the request takes effect, and the caller gets an error."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import urlsplit

import grpc
import psycopg
import pytest

from laptop.ephemeral import create_database, temporary_folder
from mesh.platform import Address
from mesh.tests.small_mesh import running_mesh, small_platform
from tests.support.waiting import wait_until
from tools.chaos.proxies import Mode, Proxies
from tools.chaos.responses import GrpcDetector, PostgresDetector, TlsGrpcDetector, TlsHttpDetector


@pytest.fixture
def url(postgres_url):
    url = create_database(postgres_url)
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE notes (text text)")
    return url


@pytest.fixture
def dropping_url(url):
    """A URL on which the database's responses are dropped."""
    parts = urlsplit(url)
    with Proxies({"proxy": (parts.port, PostgresDetector)}) as proxies:
        proxies.set("proxy", Mode.DROP_RESPONSES)
        yield url.replace(f":{parts.port}/", f":{proxies.ports['proxy']}/")


def notes(url):
    with psycopg.connect(url) as connection:
        return [text for (text,) in connection.execute("SELECT text FROM notes").fetchall()]


def test_a_statement_takes_effect_if_its_response_is_dropped(dropping_url, url):
    with (
        psycopg.connect(dropping_url, autocommit=True) as connection,
        pytest.raises(psycopg.OperationalError),
    ):
        connection.execute("INSERT INTO notes VALUES ('written')")
    wait_until(lambda: notes(url) == ["written"])


def test_a_transaction_takes_effect_if_the_response_to_its_commit_is_dropped(dropping_url, url):
    with psycopg.connect(dropping_url) as connection:
        connection.execute("INSERT INTO notes VALUES ('first')")
        connection.execute("INSERT INTO notes VALUES ('second')")
        with pytest.raises(psycopg.OperationalError):
            connection.commit()
    wait_until(lambda: notes(url) == ["first", "second"])


class Counting(grpc.GenericRpcHandler):
    """The only method of a gRPC server, which counts its calls."""

    def __init__(self):
        self.calls = 0

    def service(self, details):
        def respond(request, context):
            self.calls += 1
            return b"done"

        return grpc.unary_unary_rpc_method_handler(respond)


def test_a_grpc_call_takes_effect_if_its_response_is_dropped(free_port):
    counting, port = Counting(), free_port()
    server = grpc.server(ThreadPoolExecutor(1), handlers=[counting])
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    with Proxies({"proxy": (port, GrpcDetector)}) as proxies:
        address = f"127.0.0.1:{proxies.ports['proxy']}"
        with grpc.insecure_channel(address, options=[("grpc.enable_retries", 0)]) as channel:
            call = channel.unary_unary("/a/Method")
            assert call(b"", timeout=5) == b"done"
            proxies.set("proxy", Mode.DROP_RESPONSES)
            with pytest.raises(grpc.RpcError) as error:
                call(b"", timeout=5)
    server.stop(0)
    assert (error.value.code(), counting.calls) == (grpc.StatusCode.UNAVAILABLE, 2)


@pytest.fixture
def mesh_and_proxies():
    """A small mesh of real sidecars, and the proxies in front of two of them."""
    with temporary_folder("chaos-mesh-") as folder:
        platform = small_platform(folder)
        detectors = {"backend": TlsGrpcDetector, "web": TlsHttpDetector}
        ports = {one.name: one.inbound_address.port for one in platform.workloads if one.inbound_address}
        with Proxies({name: (ports[name], detector) for name, detector in detectors.items()}) as proxies:
            workloads = [
                replace(one, advertised=Address("127.0.0.1", proxies.ports[one.name]))
                if one.name in detectors
                else one
                for one in platform.workloads
            ]
            with running_mesh(replace(platform, workloads=tuple(workloads)), folder) as mesh:
                yield mesh, proxies


def test_a_grpc_call_between_sidecars_takes_effect_if_its_response_is_dropped(mesh_and_proxies):
    mesh, proxies = mesh_and_proxies
    assert mesh.call_backend() == "backend"
    proxies.set("backend", Mode.DROP_RESPONSES)
    for calls in (2, 3):  # on the open connection, and on a new one
        with pytest.raises(grpc.RpcError) as error:
            mesh.call_backend()
        assert (error.value.code(), len(mesh.received["backend"])) == (grpc.StatusCode.UNAVAILABLE, calls)


def test_an_http_request_between_sidecars_takes_effect_if_its_response_is_dropped(mesh_and_proxies):
    mesh, proxies = mesh_and_proxies
    assert mesh.call_web() == 200
    proxies.set("web", Mode.DROP_RESPONSES)
    for calls in (2, 3):
        assert (mesh.call_web(), len(mesh.received["web"])) == (503, calls)
