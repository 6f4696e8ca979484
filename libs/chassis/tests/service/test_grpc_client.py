import threading
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from chassis.context import RequestContext, use_context
from chassis.errors import Unavailable
from chassis.grpc_client import Channel
from libs.chassis.tests.service.example_grpc_service import PATH, SERVICE, Config, ExampleService, ExampleStub
from tests.support.services import started
from tests.support.waiting import wait_until

TIMEOUT = 8.0  # seconds


@pytest.fixture
def port(free_port):
    return free_port()


@pytest.fixture
def stub(port):
    opened = Channel("inventory", f"127.0.0.1:{port}", timeout=0.5)
    yield ExampleStub(opened)
    opened.close()


def outage(stub, **options):
    """Return the error of a call that must fail."""
    with pytest.raises(Unavailable) as failure:
        stub.call(**options)
    return failure.value


def test_an_outage_names_the_upstream(stub):
    error = outage(stub)
    assert error.reason == "UPSTREAM_UNAVAILABLE"
    assert error.metadata["service"] == "inventory"
    assert "inventory" in error.message


def test_a_channel_reconnects_if_the_upstream_restarts(stub, port):
    outage(stub)

    def responds():
        try:
            return stub.call(product="tea") == {"product": "tea"}
        except Unavailable:
            return False

    for _ in range(2):
        with started(ExampleService().build_service, Config(port=port, admin_port=0)):
            wait_until(responds, timeout=5)
        outage(stub)


@pytest.fixture
def run_failing_server(port):
    """Run a server that fails its first calls: run_failing_server(2) returns the list of calls received."""
    servers = []

    def run(failures, code=grpc.StatusCode.CANCELLED):
        calls = []

        def handle(request, context):
            calls.append(request)
            if len(calls) <= failures:
                context.abort(code, "stopping")
            return request

        server = grpc.server(ThreadPoolExecutor(2))
        method = grpc.unary_unary_rpc_method_handler(handle)
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {"Call": method}),))
        server.add_insecure_port(f"127.0.0.1:{port}")
        server.start()
        servers.append(server)
        return calls

    yield run
    for server in servers:
        server.stop(0).wait()


def test_a_call_that_a_stopping_server_did_not_start_is_retried(stub, run_failing_server):
    calls = run_failing_server(2)
    assert stub.call(product="tea") == {"product": "tea"}
    assert len(calls) == 3


def test_the_number_of_retries_is_limited(stub, run_failing_server):
    calls = run_failing_server(9)
    assert outage(stub).metadata["code"] == "CANCELLED"
    assert len(calls) == 4


def test_a_call_that_a_server_may_have_started_is_not_retried(stub, run_failing_server):
    calls = run_failing_server(1, code=grpc.StatusCode.UNAVAILABLE)
    outage(stub)
    assert len(calls) == 1


class TestSlowService:
    """A service that does not respond in time."""

    @pytest.fixture(autouse=True)
    def slow(self, port):
        may_respond, servicer = threading.Event(), ExampleService()
        servicer.handler = lambda request: may_respond.wait(10) and request
        with started(servicer.build_service, Config(port=port, admin_port=0)):
            yield
            may_respond.set()

    @pytest.fixture
    def slow_stub(self, port):
        opened = Channel("inventory", f"127.0.0.1:{port}", timeout=TIMEOUT)
        yield ExampleStub(opened)
        opened.close()

    def test_a_call_fails_after_the_timeout_of_the_channel(self, stub):
        assert outage(stub).metadata["code"] == "DEADLINE_EXCEEDED"

    def test_a_call_can_have_a_different_timeout(self, slow_stub):
        started_at = time.monotonic()
        assert outage(slow_stub, timeout=0.05).metadata["code"] == "DEADLINE_EXCEEDED"
        assert time.monotonic() - started_at < TIMEOUT

    def test_a_call_fails_at_the_deadline_of_the_request(self, slow_stub):
        started_at = time.monotonic()
        with use_context(RequestContext(deadline=started_at + 0.05)):
            assert outage(slow_stub).metadata["code"] == "DEADLINE_EXCEEDED"
        assert time.monotonic() - started_at < TIMEOUT

    def test_a_call_that_fails_is_counted(self, stub, counted):
        outage(stub)
        _, service, method = PATH.split("/")
        labels = {"rpc_service": service, "rpc_method": method, "rpc_grpc_status_code": "UNAVAILABLE"}
        assert counted("rpc_client_duration_seconds_count", **labels) == 1
