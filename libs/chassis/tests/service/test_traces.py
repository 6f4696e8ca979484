import socket
import subprocess
import sys
import time

import flask
import pytest

from chassis import context, telemetry
from chassis.context import RequestContext, use_context
from chassis.errors import AppError
from chassis.http_server import init_app
from libs.chassis.tests.service.example_grpc_service import SERVICE, SoldOut, failing
from tests.support.tracing import PARENT_ID, TRACE_ID, TRACEPARENT, traced

TIMEOUT = 10.0  # seconds


@pytest.fixture
def example(run_example):
    """Return the test client of a Flask app that calls a gRPC service, and the servicer of that service."""
    with run_example() as (servicer, stub, _):
        app = flask.Flask(__name__)

        @app.get("/products/<product_id>")
        def product(product_id):
            return stub.call(product=product_id)

        yield init_app(app, {}).test_client(), servicer


def get_product(client, traceparent=TRACEPARENT):
    return client.get("/products/tea", headers={"traceparent": traceparent})


def test_http_and_grpc_spans_form_one_trace_with_parents(collector, example):
    with traced(collector.endpoint):
        assert get_product(example[0]).status_code == 200
    by_kind = {(span.kind, span.name): span for span in collector.spans}
    path = [
        by_kind["SERVER", "GET /products/<product_id>"],
        by_kind["CLIENT", f"{SERVICE}/Call"],
        by_kind["SERVER", f"{SERVICE}/Call"],
    ]
    assert {span.trace_id for span in collector.spans} == {TRACE_ID}
    assert [span.parent_id for span in path] == [PARENT_ID, *(span.span_id for span in path[:-1])]
    assert len(collector.spans) == len(path)


def test_a_span_has_the_service_route_and_status_code(collector, example):
    with traced(collector.endpoint):
        get_product(example[0])
    [http] = [span for span in collector.spans if span.name.startswith("GET")]
    assert (http.service, http.is_error) == ("example", False)
    assert http.attributes["http.response.status_code"] == 200
    assert http.attributes["http.route"] == "/products/<product_id>"


def test_the_span_of_a_bug_is_an_error_and_that_of_a_domain_error_is_not(collector, example):
    client, servicer = example
    with traced(collector.endpoint):
        for failure in (SoldOut("All gone."), ZeroDivisionError()):
            servicer.handler = failing(failure)
            get_product(client)
    is_error = [
        span.is_error for span in collector.spans if span.kind == "SERVER" and span.name.startswith("test")
    ]
    assert is_error == [False, True]


def test_a_trace_that_is_not_sampled_is_not_recorded(collector, example):
    with traced(collector.endpoint):
        assert get_product(example[0], f"00-{TRACE_ID}-{PARENT_ID}-00").status_code == 200
    assert collector.spans == []


def test_a_request_without_a_trace_starts_one(collector, example):
    with traced(collector.endpoint):
        example[0].get("/products/tea")
    [root] = [span for span in collector.spans if not span.parent_id]
    assert root.name == "GET /products/<product_id>"
    assert {span.trace_id for span in collector.spans} == {root.trace_id}


@pytest.mark.parametrize("traceparent", ["", "nonsense", "00-" + "0" * 32 + "-" + "0" * 16 + "-01", "é"])
def test_an_invalid_traceparent_is_replaced_by_a_new_trace(collector, traceparent):
    with (
        traced(collector.endpoint),
        use_context(RequestContext({"traceparent": traceparent})),
        telemetry.span("work", telemetry.SERVER, {}),
    ):
        trace_id = context.current().trace_id
    assert [(span.trace_id, span.parent_id) for span in collector.spans] == [(trace_id, "")]


def test_a_span_does_not_suppress_an_exception(collector):
    with traced(collector.endpoint), pytest.raises(AppError), telemetry.span("work", telemetry.SERVER, {}):
        raise AppError("FAILED", "It failed.")
    assert [(span.name, span.is_error) for span in collector.spans] == [("work", False)]


@pytest.mark.parametrize("is_listening", [False, True], ids=["absent", "silent"])
def test_a_collector_that_does_not_respond_delays_no_request(is_listening, example):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        if not is_listening:
            silent.close()
        started = time.monotonic()
        with traced(f"http://127.0.0.1:{port}"):
            assert get_product(example[0]).status_code == 200
            assert time.monotonic() - started < TIMEOUT / 2
        assert time.monotonic() - started < TIMEOUT


def flush():
    """Export the recorded spans now."""
    assert telemetry._tracing is not None
    telemetry._tracing._provider.force_flush()


def test_a_missing_collector_is_logged_once(free_port, caplog):
    with traced(f"http://127.0.0.1:{free_port()}"):
        for _ in range(2):
            with telemetry.span("work", telemetry.SERVER, {}):
                pass
            flush()
    (record,) = [record for record in caplog.records if record.name.startswith("opentelemetry.exporter")]
    assert record.levelname in ("WARNING", "ERROR")


def test_opentelemetry_is_not_imported_if_traces_are_off():
    program = """if True:
        import sys
        import chassis.grpc_client, chassis.grpc_server, chassis.http_server, chassis.postgres
        from chassis.config import ServiceConfig
        from chassis.lifecycle import Service

        class Config(ServiceConfig):
            service = "example"

        Service(Config())
        print(sorted(name for name in sys.modules if name.startswith("opentelemetry")))
    """
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"
