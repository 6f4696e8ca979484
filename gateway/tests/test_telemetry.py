"""A request can be followed: by its id, by its trace, and in the log."""

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
from gateway.tests.small_market import SmallMarket
from gateway.tests.tokens import bearer
from gateway.tests.waiting import eventually
from telemetry.tests.exported import ENVOY

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
TRACEPARENT = re.compile("00-([0-9a-f]{32})-([0-9a-f]{16})-(0[01])")


def test_every_answer_names_the_request_as_the_service_knew_it(client: Client, market: SmallMarket) -> None:
    answer = client.get("/api/v1/products/lamp")
    assert str(uuid.UUID(answer.headers["X-Request-Id"])) == answer.headers["X-Request-Id"]
    assert market.inboxes["catalog"].last.headers["x-request-id"] == answer.headers["X-Request-Id"]


def test_errors_of_the_gateway_name_the_request_too(client: Client) -> None:
    assert client.get("/api/v1/nothing").headers["X-Request-Id"]


def test_a_caller_cannot_choose_the_name_of_a_request(client: Client) -> None:
    mine = str(uuid.uuid4())
    assert client.get("/api/v1/products/lamp", headers={"X-Request-Id": mine}).headers["X-Request-Id"] != mine


@pytest.mark.parametrize(("service", "path"), [("catalog", "/api/v1/products/lamp"), ("storefront", "/")])
def test_a_trace_goes_on_where_the_caller_began_it(
    client: Client, market: SmallMarket, service: str, path: str
) -> None:
    client.get(path, headers={"traceparent": PARENT})
    found = TRACEPARENT.fullmatch(market.inboxes[service].last.headers["traceparent"])
    assert found is not None
    assert found[1] == TRACE


def test_without_a_trace_a_new_one_begins(client: Client, market: SmallMarket) -> None:
    client.get("/api/v1/products/lamp")
    assert TRACEPARENT.fullmatch(market.inboxes["catalog"].last.headers["traceparent"])


@pytest.fixture
def untraced(edge: Edge) -> Iterator[None]:
    """Traces switched off while the gateway runs."""
    admin = f"http://127.0.0.1:{edge.admin_port}/runtime_modify?tracing.global_enabled="
    requests.post(f"{admin}0", timeout=5).raise_for_status()
    yield
    requests.post(admin, timeout=5).raise_for_status()


@pytest.mark.usefixtures("untraced")
def test_where_nothing_is_sampled_log_lines_belong_together(client: Client, market: SmallMarket) -> None:
    client.get("/api/v1/products/lamp")
    found = TRACEPARENT.fullmatch(market.inboxes["catalog"].last.headers["traceparent"])
    assert found is not None
    assert found[3] == "00"


def test_what_the_dashboards_ask_envoy_for_is_there(client: Client, edge: Edge) -> None:
    client.get("/api/v1/products/lamp")
    page = f"http://127.0.0.1:{edge.admin_port}/stats/prometheus"

    def labels(series: str) -> set[str]:
        lines = re.findall(rf"^{series}(\{{.*\}})? ", requests.get(page, timeout=5).text, re.MULTILINE)
        return {label for line in lines for label in re.findall(r'(\w+)="', line)} if lines else {"none"}

    assert eventually(lambda: all(labels(series) == asked for series, asked in ENVOY.items()))


def test_the_log_has_a_line_for_a_request(client: Client, edge: Edge, market: SmallMarket) -> None:
    headers = {**market.signed_in("logged"), "traceparent": PARENT}
    answer = client.get("/api/v1/cart", headers=headers)
    name = answer.headers["X-Request-Id"]
    assert eventually(lambda: any(line["request_id"] == name for line in edge.access_log()))
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


def test_the_log_keeps_no_tokens(client: Client, edge: Edge, market: SmallMarket) -> None:
    token = market.key.token()
    client.get("/", headers={"Cookie": f"session={token}", **bearer(token)})
    last = client.get("/api/v1/products/lamp").headers["X-Request-Id"]
    assert eventually(lambda: last in edge.log.read_text())
    assert token.split(".")[2] not in edge.log.read_text()


def test_looking_at_the_health_leaves_no_line(client: Client, edge: Edge) -> None:
    client.get("/healthz")
    client.get("/readyz")
    last = client.get("/api/v1/products/lamp").headers["X-Request-Id"]
    assert eventually(lambda: last in edge.log.read_text())
    assert {"/healthz", "/readyz"}.isdisjoint(line["path"] for line in edge.access_log())


class Collector:
    """Takes spans in, as OTLP over HTTP."""

    def __init__(self) -> None:
        self.received: Queue[ResourceSpans] = Queue()

    def export(self) -> str:
        """Answers a batch."""
        batch = trace_service_pb2.ExportTraceServiceRequest.FromString(flask.request.get_data())
        for spans in batch.resource_spans:
            self.received.put(spans)
        return ""


@pytest.fixture
def collector() -> Iterator[tuple[Collector, int]]:
    """A running collector and its port."""
    taker, app = Collector(), flask.Flask("collector")
    app.add_url_rule("/v1/traces", view_func=taker.export, methods=["POST"])
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield taker, server.server_port
    server.shutdown()
    server.server_close()


def send_at_once(documents: Documents) -> None:
    """Send each span when it ends, not a hundred together."""
    runtime = documents["envoy.yaml"]["layered_runtime"]["layers"][0]["static_layer"]
    runtime["tracing"]["opentelemetry"]["min_flush_spans"] = 1


def test_spans_go_to_the_collector(market: SmallMarket, collector: tuple[Collector, int]) -> None:
    taker, port = collector
    with running_edge({**market.ports, "otel-collector": port}, send_at_once) as edge, Client(edge) as client:
        client.get("/api/v1/products/lamp", headers={"traceparent": PARENT})
        spans = taker.received.get(timeout=10)
        while TRACE not in {span.trace_id.hex() for scope in spans.scope_spans for span in scope.spans}:
            spans = taker.received.get(timeout=10)
    attributes = {attribute.key: attribute.value.string_value for attribute in spans.resource.attributes}
    assert attributes["service.name"] == "gateway"


def test_prometheus_reads_the_statistics_and_nothing_else(edge: Edge, client: Client) -> None:
    client.get("/api/v1/products/lamp")
    address = f"http://127.0.0.1:{edge.metrics_port}"
    page = requests.get(f"{address}/metrics", timeout=5)
    assert page.status_code == 200
    assert 'envoy_cluster_upstream_rq{envoy_response_code="200",envoy_cluster_name="catalog"}' in page.text
    for path in ("/", "/config_dump", "/stats/prometheus", "/metrics/../config_dump"):
        assert requests.get(address + path, timeout=5).status_code == 404
    assert requests.post(f"{address}/metrics", timeout=5).status_code == 404
