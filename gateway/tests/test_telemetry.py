"""Requests have an id, a trace and an access log line, and Envoy exports metrics."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Iterator
from queue import Queue

import flask
import pytest
import requests
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans
from werkzeug.serving import make_server

from gateway.tests.client import Client
from gateway.tests.edge import Documents, Edge, running_edge
from gateway.tests.fake_upstreams import FakeUpstreams
from telemetry.tests.exported import ENVOY
from tests.support.tokens import bearer
from tests.support.waiting import wait_until

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
TRACEPARENT = re.compile("00-([0-9a-f]{32})-([0-9a-f]{16})-(0[01])")


def test_every_response_has_the_request_id_that_the_service_got(
    client: Client, upstreams: FakeUpstreams
) -> None:
    answer = client.get("/api/v1/products/lamp")
    assert str(uuid.UUID(answer.headers["X-Request-Id"])) == answer.headers["X-Request-Id"]
    assert upstreams.logs["catalog"].last.headers["x-request-id"] == answer.headers["X-Request-Id"]


def test_errors_of_the_gateway_have_a_request_id_too(client: Client) -> None:
    assert client.get("/api/v1/nothing").headers["X-Request-Id"]


def test_a_client_cannot_choose_the_request_id(client: Client) -> None:
    own_id = str(uuid.uuid4())
    assert (
        client.get("/api/v1/products/lamp", headers={"X-Request-Id": own_id}).headers["X-Request-Id"]
        != own_id
    )


@pytest.mark.parametrize(("service", "path"), [("catalog", "/api/v1/products/lamp"), ("storefront", "/")])
def test_a_trace_that_the_client_began_continues(
    client: Client, upstreams: FakeUpstreams, service: str, path: str
) -> None:
    client.get(path, headers={"traceparent": PARENT})
    found = TRACEPARENT.fullmatch(upstreams.logs[service].last.headers["traceparent"])
    assert found is not None
    assert found[1] == TRACE


def test_a_request_without_a_trace_begins_a_new_one(client: Client, upstreams: FakeUpstreams) -> None:
    client.get("/api/v1/products/lamp")
    assert TRACEPARENT.fullmatch(upstreams.logs["catalog"].last.headers["traceparent"])


@pytest.fixture
def untraced(edge: Edge) -> Iterator[None]:
    """Disable tracing at run time, and enable it again afterwards."""
    admin = f"http://127.0.0.1:{edge.admin_port}/runtime_modify?tracing.global_enabled="
    requests.post(f"{admin}0", timeout=5).raise_for_status()
    yield
    requests.post(admin, timeout=5).raise_for_status()


@pytest.mark.usefixtures("untraced")
def test_an_unsampled_request_still_has_a_traceparent(client: Client, upstreams: FakeUpstreams) -> None:
    client.get("/api/v1/products/lamp")
    found = TRACEPARENT.fullmatch(upstreams.logs["catalog"].last.headers["traceparent"])
    assert found is not None
    assert found[3] == "00"


def test_envoy_exports_the_metrics_that_the_dashboards_query(client: Client, edge: Edge) -> None:
    client.get("/api/v1/products/lamp")
    page = f"http://127.0.0.1:{edge.admin_port}/stats/prometheus"

    def labels(series: str) -> set[str]:
        lines = re.findall(rf"^{series}(\{{.*\}})? ", requests.get(page, timeout=5).text, re.MULTILINE)
        return {label for line in lines for label in re.findall(r'(\w+)="', line)} if lines else {"none"}

    wait_until(lambda: all(labels(series) == asked for series, asked in ENVOY.items()))


def test_the_access_log_has_a_line_for_a_request(
    client: Client, edge: Edge, upstreams: FakeUpstreams
) -> None:
    headers = {**upstreams.signed_in("logged"), "traceparent": PARENT}
    answer = client.get("/api/v1/cart", headers=headers)
    name = answer.headers["X-Request-Id"]
    wait_until(lambda: any(line["request_id"] == name for line in edge.access_log()))
    (line,) = [line for line in edge.access_log() if line["request_id"] == name]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", line.pop("time"))
    assert line.pop("duration_ms") >= 0
    assert line == {
        "level": "INFO",
        "service": "gateway",
        "message": "request",
        "method": "GET",
        "path": "/api/v1/cart",
        "status": 200,
        "request_id": name,
        "trace_id": TRACE,
        "account_id": "logged",
        "upstream": "cart",
        "response_flags": "-",
        "details": "via_upstream",
        "grpc_status": "OK",
    }


def test_the_access_log_contains_no_tokens(client: Client, edge: Edge, upstreams: FakeUpstreams) -> None:
    token = upstreams.key.token()
    client.get("/", headers={"Cookie": f"session={token}", **bearer(token)})
    last = client.get("/api/v1/products/lamp").headers["X-Request-Id"]
    wait_until(lambda: last in edge.log.read_text())
    assert token.split(".")[2] not in edge.log.read_text()


def test_health_checks_are_not_logged(client: Client, edge: Edge) -> None:
    client.get("/healthz")
    client.get("/readyz")
    last = client.get("/api/v1/products/lamp").headers["X-Request-Id"]
    wait_until(lambda: last in edge.log.read_text())
    assert {"/healthz", "/readyz"}.isdisjoint(line["path"] for line in edge.access_log())


class Collector:
    """Receives spans by OTLP over HTTP."""

    def __init__(self) -> None:
        self.received: Queue[ResourceSpans] = Queue()

    def export(self) -> str:
        """Accept a batch of spans."""
        batch = trace_service_pb2.ExportTraceServiceRequest.FromString(flask.request.get_data())
        for spans in batch.resource_spans:
            self.received.put(spans)
        return ""


@pytest.fixture
def collector() -> Iterator[tuple[Collector, int]]:
    """Run a collector and return it with its port."""
    traces, app = Collector(), flask.Flask("collector")
    app.add_url_rule("/v1/traces", view_func=traces.export, methods=["POST"])
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield traces, server.server_port
    server.shutdown()
    server.server_close()


def export_immediately(documents: Documents) -> None:
    """Export each span when it ends instead of in batches of a hundred."""
    runtime = documents["envoy.yaml"]["layered_runtime"]["layers"][0]["static_layer"]
    runtime["tracing"]["opentelemetry"]["min_flush_spans"] = 1


def test_spans_go_to_the_collector(upstreams: FakeUpstreams, collector: tuple[Collector, int]) -> None:
    traces, port = collector
    with (
        running_edge({**upstreams.ports, "otel-collector": port}, export_immediately) as edge,
        Client(edge) as client,
    ):
        client.get("/api/v1/products/lamp", headers={"traceparent": PARENT})
        spans = traces.received.get(timeout=10)
        while TRACE not in {span.trace_id.hex() for scope in spans.scope_spans for span in scope.spans}:
            spans = traces.received.get(timeout=10)
    attributes = {attribute.key: attribute.value.string_value for attribute in spans.resource.attributes}
    assert attributes["service.name"] == "gateway"


def test_the_metrics_port_serves_only_statistics(edge: Edge, client: Client) -> None:
    client.get("/api/v1/products/lamp")
    address = f"http://127.0.0.1:{edge.metrics_port}"
    page = requests.get(f"{address}/metrics", timeout=5)
    assert page.status_code == 200
    assert 'envoy_cluster_upstream_rq{envoy_response_code="200",envoy_cluster_name="catalog"}' in page.text
    for path in ("/", "/config_dump", "/stats/prometheus", "/metrics/../config_dump"):
        assert requests.get(address + path, timeout=5).status_code == 404
    assert requests.post(f"{address}/metrics", timeout=5).status_code == 404
