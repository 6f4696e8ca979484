import threading
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from chassis.context import RequestContext, use_context
from chassis.errors import Unavailable
from chassis.grpc_client import Channel
from libs.chassis.tests.service.echo import PATH, SERVICE, Config, Echo, EchoStub
from tests.support.services import started
from tests.support.waiting import wait_until

PATIENCE = 8.0  # seconds


@pytest.fixture
def port(free_port):
    return free_port()


@pytest.fixture
def stub(port):
    opened = Channel("inventory", f"127.0.0.1:{port}", timeout=0.5)
    yield EchoStub(opened)
    opened.close()


def outage(stub, **how):
    with pytest.raises(Unavailable) as failed:
        stub.ask(**how)
    return failed.value


def test_a_service_that_is_not_there_is_unavailable_and_named(stub):
    error = outage(stub)
    assert error.reason == "UPSTREAM_UNAVAILABLE"
    assert error.metadata["service"] == "inventory"
    assert "inventory" in error.message


def test_a_service_that_comes_back_is_found_again(stub, port):
    outage(stub)

    def answers():
        try:
            return stub.ask(product="tea") == {"product": "tea"}
        except Unavailable:
            return False

    for _ in range(2):
        with started(Echo().build_service, Config(port=port, admin_port=0)):
            wait_until(answers, timeout=5)
        outage(stub)


@pytest.fixture
def cancels(port):
    """Runs a server that cancels so many calls before it answers: cancels(2) -> the calls that it got."""
    servers = []

    def run(times, code=grpc.StatusCode.CANCELLED):
        calls = []

        def ask(request, context):
            calls.append(request)
            if len(calls) <= times:
                context.abort(code, "stopping")
            return request

        server = grpc.server(ThreadPoolExecutor(2))
        method = grpc.unary_unary_rpc_method_handler(ask)
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {"Ask": method}),))
        server.add_insecure_port(f"127.0.0.1:{port}")
        server.start()
        servers.append(server)
        return calls

    yield run
    for server in servers:
        server.stop(0).wait()


def test_a_call_that_a_stopping_server_did_not_begin_is_made_again(stub, cancels):
    calls = cancels(times=2)
    assert stub.ask(product="tea") == {"product": "tea"}
    assert len(calls) == 3


def test_a_call_is_not_made_for_ever(stub, cancels):
    calls = cancels(times=9)
    assert outage(stub).metadata["code"] == "CANCELLED"
    assert len(calls) == 4


def test_a_call_that_a_server_may_have_begun_is_not_made_again(stub, cancels):
    calls = cancels(times=1, code=grpc.StatusCode.UNAVAILABLE)
    outage(stub)
    assert len(calls) == 1


class TestSlowService:
    """A service that does not answer in time."""

    @pytest.fixture(autouse=True)
    def slow(self, port):
        may_answer, echo = threading.Event(), Echo()
        echo.answer = lambda request: may_answer.wait(10) and request
        with started(echo.build_service, Config(port=port, admin_port=0)):
            yield
            may_answer.set()

    @pytest.fixture
    def patient(self, port):
        opened = Channel("inventory", f"127.0.0.1:{port}", timeout=PATIENCE)
        yield EchoStub(opened)
        opened.close()

    def test_it_is_given_up_after_the_channel_s_time(self, stub):
        assert outage(stub).metadata["code"] == "DEADLINE_EXCEEDED"

    def test_a_call_can_have_a_time_of_its_own(self, patient):
        begun = time.monotonic()
        assert outage(patient, timeout=0.05).metadata["code"] == "DEADLINE_EXCEEDED"
        assert time.monotonic() - begun < PATIENCE

    def test_it_is_given_up_when_the_call_that_it_is_for_must_end(self, patient):
        begun = time.monotonic()
        with use_context(RequestContext(deadline=begun + 0.05)):
            assert outage(patient).metadata["code"] == "DEADLINE_EXCEEDED"
        assert time.monotonic() - begun < PATIENCE

    def test_it_is_counted(self, stub, counted):
        outage(stub)
        _, service, method = PATH.split("/")
        labels = {"rpc_service": service, "rpc_method": method, "rpc_grpc_status_code": "UNAVAILABLE"}
        assert counted("rpc_client_duration_seconds_count", **labels) == 1
