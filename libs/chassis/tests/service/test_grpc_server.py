import logging
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from chassis import context
from chassis.context import RequestContext, use_context
from chassis.errors import FailedPrecondition, Invalid, Unavailable
from libs.chassis.tests.service.example_grpc_service import (
    PATH,
    SERVICE,
    Config,
    ExampleService,
    ExampleStub,
    SoldOut,
    failing,
)
from tests.support.services import channel, started
from tests.support.tracing import TRACEPARENT
from tests.support.waiting import wait_until

TIMEOUT = 8.0  # seconds


@pytest.fixture
def running(run_example):
    with run_example() as parts:
        yield parts


@pytest.fixture
def servicer(running):
    return running[0]


@pytest.fixture
def stub(running):
    return running[1]


@pytest.fixture
def plain_channel(running):
    """Return a channel without the chassis, as other clients use it."""
    with grpc.insecure_channel(running[2]) as opened:
        yield opened


def test_a_call_returns_the_response(stub):
    assert stub.call(product="tea") == {"product": "tea"}


def test_a_domain_error_arrives_with_its_reason_and_metadata(servicer, stub):
    servicer.handler = failing(SoldOut("All gone.", product="tea"))
    with pytest.raises(FailedPrecondition) as failure:
        stub.call()
    assert (failure.value.reason, failure.value.message) == ("SOLD_OUT", "All gone.")
    assert failure.value.metadata == {"product": "tea"}


def test_an_application_error_arrives_with_the_same_type(servicer, stub):
    servicer.handler = failing(Invalid("QUERY_TOO_LONG", "Shorter, please."))
    with pytest.raises(Invalid) as failure:
        stub.call()
    assert failure.value.reason == "QUERY_TOO_LONG"


def test_an_unexpected_exception_is_internal_and_its_text_is_not_sent(servicer, plain_channel, caplog):
    caplog.set_level(logging.ERROR)
    servicer.handler = failing(KeyError("the password is swordfish"))
    with pytest.raises(grpc.RpcError) as failure:
        plain_channel.unary_unary(PATH)(b"")
    assert failure.value.code() == grpc.StatusCode.INTERNAL
    assert "swordfish" not in str(failure.value) + str(failure.value.trailing_metadata())
    assert [record.exc_text for record in caplog.records if "swordfish" in str(record.exc_info)] != []


def test_a_malformed_request_is_rejected_with_a_reason(plain_channel):
    with pytest.raises(grpc.RpcError) as failure:
        plain_channel.unary_unary(PATH)(b"\xff\xff\xff")
    assert failure.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "REQUEST_MALFORMED" in str(failure.value.trailing_metadata())


def test_an_unknown_method_is_unimplemented(plain_channel):
    with pytest.raises(grpc.RpcError) as failure:
        plain_channel.unary_unary(f"/{SERVICE}/Unknown")(b"")
    assert failure.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_the_request_context_contains_the_metadata_of_the_call(servicer, plain_channel):
    received: list[Mapping[str, str]] = []

    def handler(request):
        received.append(context.current().headers)
        return request

    servicer.handler = handler
    plain_channel.unary_unary(PATH)(b"", metadata=(("x-account-id", "ada"), ("idempotency-key", "k")))
    assert (received[0]["x-account-id"], received[0]["idempotency-key"]) == ("ada", "k")


def test_trace_request_and_account_are_propagated_from_call_to_call(servicer, stub, run_example):
    headers = {"traceparent": TRACEPARENT, "x-request-id": "r-1", "x-account-id": "ada"}
    with run_example() as (upstream, upstream_stub, _), use_context(RequestContext(headers)):
        upstream.handler = lambda _request: {
            name: context.current().headers.get(name, "") for name in headers
        }
        servicer.handler = lambda _request: upstream_stub.call()
        assert stub.call() == headers


def test_a_call_inherits_the_remaining_time_of_the_request(servicer, stub, run_example):
    with run_example() as (upstream, upstream_stub, _):
        upstream.handler = lambda _request: {"seconds": context.current().time_remaining(TIMEOUT)}
        servicer.handler = lambda _request: upstream_stub.call()
        # gRPC rounds a deadline up when it sends it.
        assert 0 < stub.call(timeout=1.5)["seconds"] <= 1.6


def test_calls_are_counted_by_method_and_status_code(servicer, stub, counted):
    stub.call()
    stub.call()
    servicer.handler = failing(SoldOut("All gone."))
    with pytest.raises(FailedPrecondition):
        stub.call()
    for metric in ("rpc_server_duration_seconds_count", "rpc_client_duration_seconds_count"):
        method = {"rpc_service": SERVICE, "rpc_method": "Call"}
        assert counted(metric, **method, rpc_grpc_status_code="OK") == 2
        assert counted(metric, **method, rpc_grpc_status_code="FAILED_PRECONDITION") == 1


def test_a_port_in_use_is_reported_in_one_line(running):
    port = int(running[2].rpartition(":")[2])
    with (
        pytest.raises(SystemExit) as exit,
        started(ExampleService().build_service, Config(port=port, admin_port=0)),
    ):
        pass
    assert str(exit.value).startswith(f"example: cannot listen on 127.0.0.1:{port}, is it taken? Set PORT.")


def rejects_new_calls(channel):
    """Return whether the server has stopped listening."""
    with pytest.raises(grpc.RpcError) as failure:
        channel.unary_unary(f"/{SERVICE}/Unknown")(b"", timeout=1)
    return failure.value.code() == grpc.StatusCode.UNAVAILABLE


def test_a_service_that_stops_finishes_the_current_call(free_port):
    servicer, config = ExampleService(), Config(port=free_port(), admin_port=0)
    started_call, may_finish = threading.Event(), threading.Event()

    def slow(request):
        started_call.set()
        return may_finish.wait(10) and request

    servicer.handler = slow
    service = servicer.build_service(config)
    service.start()
    with grpc.insecure_channel(f"127.0.0.1:{config.port}") as opened:
        response = opened.unary_unary(PATH).future(b"", timeout=10)
        assert started_call.wait(10)
        stopping = threading.Thread(target=service.stop)
        stopping.start()
        wait_until(lambda: rejects_new_calls(opened))
        may_finish.set()
        assert response.result() == b""
        stopping.join()


@pytest.fixture
def continuous_calls():
    """Make calls from four threads within a block: continuous_calls(stub) yields the list of responses."""

    @contextmanager
    def calls(stub):
        responses, stop = [], threading.Event()

        def caller():
            while not stop.is_set():
                responses.append(stub.call(product="tea", timeout=TIMEOUT))

        with ThreadPoolExecutor(4) as callers:
            futures = [callers.submit(caller) for _ in range(4)]
            try:
                yield responses
            finally:
                stop.set()
                for future in futures:
                    future.result()

    return calls


def test_a_second_server_takes_over_a_shared_port_without_losing_a_call(free_port, continuous_calls):
    config = Config(port=free_port(), admin_port=0, share_port=True)
    with ExitStack() as servers, channel(f"127.0.0.1:{config.port}") as opened:
        current = servers.enter_context(ExitStack())
        current.enter_context(started(ExampleService().build_service, config))
        with continuous_calls(ExampleStub(opened)) as responses:
            for _ in range(10):
                successor = servers.enter_context(ExitStack())
                successor.enter_context(started(ExampleService().build_service, config))
                current.close()
                current = successor
                responses.clear()
                wait_until(lambda: len(responses) > 20)


class TestHealth:
    """The gRPC health checking protocol."""

    @pytest.fixture
    def service(self, free_port):
        with started(ExampleService().build_service, Config(port=free_port(), admin_port=0)) as service:
            yield service

    @pytest.fixture
    def check(self, service):
        with grpc.insecure_channel(f"127.0.0.1:{service.config.port}") as opened:
            stub: Any = health_pb2_grpc.HealthStub(opened)
            yield lambda name="": stub.Check(health_pb2.HealthCheckRequest(service=name)).status

    def test_a_ready_service_is_serving(self, check):
        assert check() == health_pb2.HealthCheckResponse.SERVING

    def test_a_service_that_is_not_ready_is_not_serving(self, service, check):
        def unavailable():
            raise Unavailable("DATABASE_UNAVAILABLE", "Down.")

        service.readiness.add("database", unavailable)
        assert check() == health_pb2.HealthCheckResponse.NOT_SERVING

    def test_a_service_that_stops_is_not_serving(self, service, check):
        service.readiness.stop()
        assert check() == health_pb2.HealthCheckResponse.NOT_SERVING

    def test_only_the_whole_server_has_a_health_status(self, check):
        with pytest.raises(grpc.RpcError) as failure:
            check("nightmarket.catalog.v1.CatalogService")
        assert failure.value.code() == grpc.StatusCode.NOT_FOUND

    def test_health_checks_are_not_counted_as_calls(self, check, counted):
        check()
        labels = {"rpc_service": "grpc.health.v1.Health", "rpc_method": "Check", "rpc_grpc_status_code": "OK"}
        assert counted("rpc_server_duration_seconds_count", **labels) == 0
