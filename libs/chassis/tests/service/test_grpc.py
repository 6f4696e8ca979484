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
from libs.chassis.tests.service.echo import PATH, SERVICE, Config, Echo, EchoStub, SoldOut
from tests.support.services import channel, started
from tests.support.waiting import wait_until

PATIENCE = 8.0  # seconds
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def running(run_echo):
    with run_echo() as parts:
        yield parts


@pytest.fixture
def echo(running):
    return running[0]


@pytest.fixture
def stub(running):
    return running[1]


@pytest.fixture
def plain(running):
    """A channel without the chassis: what other clients see."""
    with grpc.insecure_channel(running[2]) as opened:
        yield opened


def fails_with(error):
    def answer(_request):
        raise error

    return answer


def test_an_answer_arrives(stub):
    assert stub.ask(product="tea") == {"product": "tea"}


def test_a_refusal_of_the_domain_arrives_with_its_reason_and_details(echo, stub):
    echo.answer = fails_with(SoldOut("All gone.", product="tea"))
    with pytest.raises(FailedPrecondition) as refused:
        stub.ask()
    assert (refused.value.reason, refused.value.message) == ("SOLD_OUT", "All gone.")
    assert refused.value.metadata == {"product": "tea"}


def test_an_error_of_the_tree_arrives_as_what_it_is(echo, stub):
    echo.answer = fails_with(Invalid("QUERY_TOO_LONG", "Shorter, please."))
    with pytest.raises(Invalid) as refused:
        stub.ask()
    assert refused.value.reason == "QUERY_TOO_LONG"


def test_an_unexpected_exception_is_internal_and_tells_nothing(echo, plain, caplog):
    caplog.set_level(logging.ERROR)
    echo.answer = fails_with(KeyError("the password is swordfish"))
    with pytest.raises(grpc.RpcError) as failed:
        plain.unary_unary(PATH)(b"")
    assert failed.value.code() == grpc.StatusCode.INTERNAL
    assert "swordfish" not in str(failed.value) + str(failed.value.trailing_metadata())
    assert [record.exc_text for record in caplog.records if "swordfish" in str(record.exc_info)] != []


def test_what_is_no_message_of_the_method_is_refused_with_a_reason(plain):
    with pytest.raises(grpc.RpcError) as failed:
        plain.unary_unary(PATH)(b"\xff\xff\xff")
    assert failed.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "REQUEST_MALFORMED" in str(failed.value.trailing_metadata())


def test_an_unknown_method_is_unimplemented(plain):
    with pytest.raises(grpc.RpcError) as failed:
        plain.unary_unary(f"/{SERVICE}/Dance")(b"")
    assert failed.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_the_caller_s_metadata_are_the_current_call_s_headers(echo, plain):
    seen: list[Mapping[str, str]] = []

    def look(request):
        seen.append(context.current().headers)
        return request

    echo.answer = look
    plain.unary_unary(PATH)(b"", metadata=(("x-account-id", "ada"), ("idempotency-key", "k")))
    assert (seen[0]["x-account-id"], seen[0]["idempotency-key"]) == ("ada", "k")


def test_trace_request_and_account_are_passed_on_from_call_to_call(echo, stub, run_echo):
    headers = {"traceparent": TRACEPARENT, "x-request-id": "r-1", "x-account-id": "ada"}
    with run_echo() as (behind, stub_behind, _), use_context(RequestContext(headers)):
        behind.answer = lambda _request: {name: context.current().headers.get(name, "") for name in headers}
        echo.answer = lambda _request: stub_behind.ask()
        assert stub.ask() == headers


def test_a_call_made_for_another_has_the_time_that_is_left_of_it(echo, stub, run_echo):
    with run_echo() as (behind, stub_behind, _):
        behind.answer = lambda _request: {"seconds": context.current().time_remaining(PATIENCE)}
        echo.answer = lambda _request: stub_behind.ask()
        # gRPC rounds a deadline up when it sends it.
        assert 0 < stub.ask(timeout=1.5)["seconds"] <= 1.6


def test_calls_are_counted_by_method_and_outcome(echo, stub, counted):
    stub.ask()
    stub.ask()
    echo.answer = fails_with(SoldOut("All gone."))
    with pytest.raises(FailedPrecondition):
        stub.ask()
    for metric in ("rpc_server_duration_seconds_count", "rpc_client_duration_seconds_count"):
        method = {"rpc_service": SERVICE, "rpc_method": "Ask"}
        assert counted(metric, **method, rpc_grpc_status_code="OK") == 2
        assert counted(metric, **method, rpc_grpc_status_code="FAILED_PRECONDITION") == 1


def test_a_taken_port_is_one_clear_line(running):
    port = int(running[2].rpartition(":")[2])
    with pytest.raises(SystemExit) as exit, started(Echo().build_service, Config(port=port, admin_port=0)):
        pass
    assert str(exit.value).startswith(f"echo: cannot listen on 127.0.0.1:{port}, is it taken? Set PORT.")


def turns_new_calls_away(channel):
    """Whether the server has stopped to listen."""
    with pytest.raises(grpc.RpcError) as failed:
        channel.unary_unary(f"/{SERVICE}/Dance")(b"", timeout=1)
    return failed.value.code() == grpc.StatusCode.UNAVAILABLE


def test_a_service_that_stops_finishes_the_call_in_hand(free_port):
    echo, config = Echo(), Config(port=free_port(), admin_port=0)
    begun, may_finish = threading.Event(), threading.Event()

    def slow(request):
        begun.set()
        return may_finish.wait(10) and request

    echo.answer = slow
    service = echo.build_service(config)
    service.start()
    with grpc.insecure_channel(f"127.0.0.1:{config.port}") as opened:
        asked = opened.unary_unary(PATH).future(b"", timeout=10)
        assert begun.wait(10)
        stopping = threading.Thread(target=service.stop)
        stopping.start()
        wait_until(lambda: turns_new_calls_away(opened))
        may_finish.set()
        assert asked.result() == b""
        stopping.join()


@pytest.fixture
def asked_without_end():
    """Has four callers ask without end for the length of a block: asked_without_end(stub) -> the answers."""

    @contextmanager
    def asked(stub):
        answers, over = [], threading.Event()

        def ask():
            while not over.is_set():
                answers.append(stub.ask(product="tea", timeout=PATIENCE))

        with ThreadPoolExecutor(4) as callers:
            asking = [callers.submit(ask) for _ in range(4)]
            try:
                yield answers
            finally:
                over.set()
                for caller in asking:
                    caller.result()

    return asked


def test_a_second_server_takes_over_a_shared_port_and_no_call_is_lost(free_port, asked_without_end):
    config = Config(port=free_port(), admin_port=0, share_port=True)
    with ExitStack() as servers, channel(f"127.0.0.1:{config.port}") as opened:
        serving = servers.enter_context(ExitStack())
        serving.enter_context(started(Echo().build_service, config))
        with asked_without_end(EchoStub(opened)) as answers:
            for _ in range(10):
                following = servers.enter_context(ExitStack())
                following.enter_context(started(Echo().build_service, config))
                serving.close()
                serving = following
                answers.clear()
                wait_until(lambda: len(answers) > 20)


class TestHealth:
    """The health protocol."""

    @pytest.fixture
    def service(self, free_port):
        with started(Echo().build_service, Config(port=free_port(), admin_port=0)) as service:
            yield service

    @pytest.fixture
    def check(self, service):
        with grpc.insecure_channel(f"127.0.0.1:{service.config.port}") as opened:
            stub: Any = health_pb2_grpc.HealthStub(opened)
            yield lambda name="": stub.Check(health_pb2.HealthCheckRequest(service=name)).status

    def test_a_ready_service_serves(self, check):
        assert check() == health_pb2.HealthCheckResponse.SERVING

    def test_a_service_that_is_not_ready_does_not_serve(self, service, check):
        def gone():
            raise Unavailable("X", "Gone.")

        service.readiness.add("database", gone)
        assert check() == health_pb2.HealthCheckResponse.NOT_SERVING

    def test_a_service_that_is_about_to_stop_does_not_serve(self, service, check):
        service.readiness.stop()
        assert check() == health_pb2.HealthCheckResponse.NOT_SERVING

    def test_only_the_whole_server_has_a_health(self, check):
        with pytest.raises(grpc.RpcError) as failed:
            check("nightmarket.catalog.v1.CatalogService")
        assert failed.value.code() == grpc.StatusCode.NOT_FOUND

    def test_probes_are_not_counted_among_the_calls(self, check, counted):
        check()
        labels = {"rpc_service": "grpc.health.v1.Health", "rpc_method": "Check", "rpc_grpc_status_code": "OK"}
        assert counted("rpc_server_duration_seconds_count", **labels) == 0
