"""One trace covers a purchase and everything that follows, including the events."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.collector import Collector, ExportedSpan
from tests.support.waiting import wait_until
from tests.system.conftest import running_stack, sign_up

TIMEOUT = 60.0  # seconds; packing a shipment takes a quarter of it
SENT = {("orders", "send market.orders.confirmed"), ("shipping", "send market.shipping.shipped")}
CONSUMED = {
    ("shipping", "process market.orders.confirmed"),
    ("notifications", "process market.orders.confirmed"),
    ("recommendations", "process market.orders.confirmed"),
    ("orders", "process market.shipping.shipped"),
    ("notifications", "process market.shipping.shipped"),
}


@pytest.fixture
def traced_stack(collector: Collector, tmp_path: Path) -> Iterator[str]:
    """The URL of a stack that sends its traces to the collector."""
    traces = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint, "OTEL_BSP_SCHEDULE_DELAY": "200"}
    with running_stack(tmp_path / "stack", **traces) as url:
        yield url


def spans_of_kind(spans: list[ExportedSpan], kind: str) -> set[tuple[str, str]]:
    return {(span.service, span.name) for span in spans if span.kind == kind}


def is_complete(trace: list[ExportedSpan]) -> bool:
    """Return whether all events were consumed and every span has its parent, which may arrive after it."""
    known = {span.span_id for span in trace}
    return spans_of_kind(trace, "CONSUMER") == CONSUMED and all(
        span.parent_id in known for span in trace if span.parent_id
    )


def test_a_purchase_and_its_events_are_one_trace_that_starts_at_the_gateway(traced_stack, collector):
    customer = sign_up(traced_stack)
    customer.fill_cart("ramen-bowl")
    order = customer.buy().json()

    def trace() -> list[ExportedSpan]:
        sent = [
            span for span in collector.spans if span.attributes.get("messaging.message.id") == confirmation
        ]
        return [span for span in collector.spans if sent and span.trace_id == sent[0].trace_id]

    confirmation = f"{order['id']}:order.confirm"
    wait_until(lambda: is_complete(trace()), timeout=TIMEOUT)
    spans = {span.span_id: span for span in trace()}
    assert spans_of_kind(trace(), "PRODUCER") == SENT
    for span in spans.values():
        if span.kind == "CONSUMER":
            sender = spans[span.parent_id]
            assert (sender.kind, sender.name.split()[1]) == ("PRODUCER", span.name.split()[1])
        root = span
        while root.parent_id:
            root = spans[root.parent_id]
        assert root.service == "gateway"
