import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import flask
import pytest

from chassis import context, telemetry
from chassis.context import RequestContext, use_context
from chassis.errors import AppError
from chassis.http_server import init_app
from libs.chassis.tests.service.echo import SERVICE, SoldOut
from tests.support.collector import collecting

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SOON = 10.0  # seconds


@pytest.fixture
def collector():
    with collecting() as collector:
        yield collector


@contextmanager
def traced(endpoint):
    """A block whose spans are exported at its end."""
    telemetry.setup("service", endpoint)
    try:
        yield
    finally:
        telemetry.flush()


@pytest.fixture
def shop(run_echo):
    """A web shop that asks a gRPC service for all it does: (its client, that service's servicer)."""
    with run_echo() as (echo, stub, _):
        app = flask.Flask(__name__)

        @app.get("/products/<product_id>")
        def product(product_id):
            return stub.ask(product=product_id)

        yield init_app(app, {}).test_client(), echo


def buy(client, flags="01"):
    return client.get("/products/tea", headers={"traceparent": f"00-{TRACE}-{PARENT}-{flags}"})


def test_http_and_grpc_are_one_trace_each_span_the_child_of_its_cause(collector, shop):
    with traced(collector.endpoint):
        assert buy(shop[0]).status_code == 200
    by_kind = {(span.kind, span.name): span for span in collector.spans}
    path = [
        by_kind["SERVER", "GET /products/<product_id>"],
        by_kind["CLIENT", f"{SERVICE}/Ask"],
        by_kind["SERVER", f"{SERVICE}/Ask"],
    ]
    assert {span.trace_id for span in collector.spans} == {TRACE}
    assert [span.parent_id for span in path] == [PARENT, *(span.span_id for span in path[:-1])]
    assert len(collector.spans) == len(path)


def test_a_span_says_whose_it_is_and_what_it_is_about(collector, shop):
    with traced(collector.endpoint):
        buy(shop[0])
    [http] = [span for span in collector.spans if span.name.startswith("GET")]
    assert (http.service, http.is_error) == ("service", False)
    assert http.attributes["http.response.status_code"] == 200
    assert http.attributes["http.route"] == "/products/<product_id>"


def test_the_span_of_a_bug_is_an_error_and_that_of_a_refusal_is_not(collector, shop):
    client, echo = shop
    with traced(collector.endpoint):
        for failure in (SoldOut("All gone."), ZeroDivisionError()):
            echo.answer = fails_with(failure)
            buy(client)
    is_error = [
        span.is_error for span in collector.spans if span.kind == "SERVER" and span.name.startswith("test")
    ]
    assert is_error == [False, True]


def fails_with(failure):
    def answer(_request):
        raise failure

    return answer


def test_what_the_caller_does_not_record_is_not_recorded_here(collector, shop):
    with traced(collector.endpoint):
        assert buy(shop[0], flags="00").status_code == 200
    assert collector.spans == []


def test_a_request_that_belongs_to_no_trace_begins_one(collector, shop):
    with traced(collector.endpoint):
        shop[0].get("/products/tea")
    [root] = [span for span in collector.spans if not span.parent_id]
    assert root.name == "GET /products/<product_id>"
    assert {span.trace_id for span in collector.spans} == {root.trace_id}


@pytest.mark.parametrize("traceparent", ["", "nonsense", "00-" + "0" * 32 + "-" + "0" * 16 + "-01", "é"])
def test_a_trace_that_makes_no_sense_is_replaced_by_a_new_one(collector, traceparent):
    with (
        traced(collector.endpoint),
        use_context(RequestContext({"traceparent": traceparent})),
        telemetry.span("work", telemetry.SERVER, {}),
    ):
        inside = context.current().trace_id
    assert [(span.trace_id, span.parent_id) for span in collector.spans] == [(inside, "")]


def test_an_exception_passes_through_a_span(collector):
    with traced(collector.endpoint), pytest.raises(AppError), telemetry.span("work", telemetry.SERVER, {}):
        raise AppError("OH", "Oh.")
    assert [(span.name, span.is_error) for span in collector.spans] == [("work", False)]


@pytest.mark.parametrize("is_there", [False, True], ids=["not there", "silent"])
def test_a_collector_that_does_not_answer_holds_nobody_up(is_there, shop):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        if not is_there:
            silent.close()
        begun = time.monotonic()
        with traced(f"http://127.0.0.1:{port}"):
            assert buy(shop[0]).status_code == 200
            assert time.monotonic() - begun < SOON / 2
        assert time.monotonic() - begun < SOON


def flush():
    """Exports what is waiting now."""
    assert telemetry._tracing is not None
    telemetry._tracing._provider.force_flush()


def test_that_there_is_no_collector_is_said_once(free_port, caplog):
    with traced(f"http://127.0.0.1:{free_port()}"):
        for _ in range(2):
            with telemetry.span("work", telemetry.SERVER, {}):
                pass
            flush()
    (said,) = [record for record in caplog.records if record.name.startswith("opentelemetry.exporter")]
    assert said.levelname in ("WARNING", "ERROR")


def test_where_traces_are_off_opentelemetry_is_not_even_imported():
    program = """if True:
        import sys
        import chassis.grpc_client, chassis.grpc_server, chassis.http_server, chassis.postgres
        from chassis.config import ServiceConfig
        from chassis.lifecycle import Service

        class Config(ServiceConfig):
            service = "service"

        Service(Config())
        print(sorted(name for name in sys.modules if name.startswith("opentelemetry")))
    """
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n"
