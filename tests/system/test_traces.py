"""One trace tells all that a purchase leads to, also what services hear of it through the broker."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from laptop.ephemeral import free_port_block
from tests.support.collector import Collector, Seen, collecting
from tests.support.waiting import wait_until
from tests.system.conftest import MESH, ROOT, sign_up

SOON = 60.0  # seconds; packing a parcel takes a quarter of it
SENT = {("orders", "send market.orders.confirmed"), ("shipping", "send market.shipping.shipped")}
HANDLED = {
    ("shipping", "process market.orders.confirmed"),
    ("notifications", "process market.orders.confirmed"),
    ("recommendations", "process market.orders.confirmed"),
    ("orders", "process market.shipping.shipped"),
    ("notifications", "process market.shipping.shipped"),
}


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


@pytest.fixture
def traced_market(collector: Collector, tmp_path: Path) -> Iterator[str]:
    """The base URL of a market of this test's own, which sends its traces to the collector."""
    port, where = free_port_block(), ["--dir", str(tmp_path / "market")]
    laptop = [sys.executable, "-m", "laptop"]
    traces = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint, "OTEL_BSP_SCHEDULE_DELAY": "200"}
    try:
        subprocess.run(
            [*laptop, "up", "--port", str(port), *where, *MESH],
            cwd=ROOT,
            check=True,
            env={**os.environ, **traces},
        )
        yield f"http://127.0.0.1:{port}"
    finally:
        subprocess.run([*laptop, "reset", "--yes", *where], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def of_kind(spans: list[Seen], kind: str) -> set[tuple[str, str]]:
    return {(span.service, span.name) for span in spans if span.kind == kind}


def is_whole(trace: list[Seen]) -> bool:
    """Whether all was handled and told. Each program tells of its spans when it likes: a child may come before its
    parent."""
    known = {span.span_id for span in trace}
    return of_kind(trace, "CONSUMER") == HANDLED and all(
        span.parent_id in known for span in trace if span.parent_id
    )


def test_a_purchase_and_all_that_follows_is_one_trace_from_the_gateway_on(traced_market, collector):
    customer = sign_up(traced_market)
    customer.fill_cart("ramen-bowl")
    order = customer.buy().json()

    def trace() -> list[Seen]:
        sent = [
            span for span in collector.spans if span.attributes.get("messaging.message.id") == confirmation
        ]
        return [span for span in collector.spans if sent and span.trace_id == sent[0].trace_id]

    confirmation = f"{order['id']}:order.confirm"
    wait_until(lambda: is_whole(trace()), timeout=SOON)
    spans = {span.span_id: span for span in trace()}
    assert of_kind(trace(), "PRODUCER") == SENT
    for span in spans.values():
        if span.kind == "CONSUMER":
            sender = spans[span.parent_id]
            assert (sender.kind, sender.name.split()[1]) == ("PRODUCER", span.name.split()[1])
        root = span
        while root.parent_id:
            root = spans[root.parent_id]
        assert root.service == "gateway"
