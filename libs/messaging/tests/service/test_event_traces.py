"""An event belongs to the trace of the change that it reports."""

import subprocess
import sys
from contextlib import contextmanager

import pytest

import messaging.consumer
from chassis import telemetry
from chassis.context import RequestContext, use_context
from chassis.errors import Unavailable
from libs.messaging.tests.service.shop import Failing, Shop
from messaging.consumer import Consumer
from messaging.outbox import Relay, write_to_outbox
from tests.support.collector import collecting
from tests.support.servers import connected
from tests.support.waiting import wait_until
from tools.dead_letters import replay_all

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
CHANGE = RequestContext({"traceparent": f"00-{TRACE}-{PARENT}-01"})


@pytest.fixture
def collector():
    with collecting() as collector:
        yield collector


@contextmanager
def traced(endpoint):
    """A block whose spans are exported at its end."""
    telemetry.setup("name", endpoint)
    try:
        yield
    finally:
        telemetry.flush()


def test_sending_and_processing_an_event_belong_to_the_trace_of_its_change(collector, name, tables, nats):
    handled = []
    consumer = Consumer(name, nats, tables, {f"market.{name}.sold": lambda _, event: handled.append(event)})
    with traced(collector.endpoint):
        with tables.transaction() as connection, use_context(CHANGE):
            write_to_outbox(connection, f"market.{name}.sold", {})
        Relay(tables, nats).send_all()
        consumer.start()
        wait_until(lambda: handled)
        consumer.stop()
    by_kind = {(span.kind, span.name): span for span in collector.spans}
    sent = by_kind["PRODUCER", f"send market.{name}.sold"]
    processed = by_kind["CONSUMER", f"process market.{name}.sold"]
    assert {span.trace_id for span in collector.spans} == {TRACE}
    assert (sent.parent_id, processed.parent_id) == (PARENT, sent.span_id)
    assert len(collector.spans) == 2
    assert sent.attributes == attributes("send", name, handled[0].id)
    assert processed.attributes == attributes("process", name, handled[0].id) | {
        "messaging.consumer.group.name": name
    }


def attributes(operation, name, event_id):
    """What OpenTelemetry's conventions want to know about a message."""
    return {
        "messaging.system": "nats",
        "messaging.operation.name": operation,
        "messaging.operation.type": operation,
        "messaging.destination.name": f"market.{name}.sold",
        "messaging.message.id": event_id,
    }


def test_an_event_that_is_sent_back_from_the_dead_letters_stays_in_its_trace(
    collector, name, tables, nats, monkeypatch
):
    monkeypatch.setattr(messaging.consumer, "_RETRY_SECONDS", (0.01,))
    shop = Shop(name, nats, tables)
    shop.first = Failing("tea", times=2)
    with traced(collector.endpoint):
        with tables.transaction() as connection, use_context(CHANGE):
            write_to_outbox(connection, shop.sold, {"name": "tea"})
        Relay(tables, nats).send_all()
        with shop.open():
            wait_until(shop.set_aside)
            replay_all(nats, name)
            wait_until(shop.counts)
    [sent] = [span for span in collector.spans if span.kind == "PRODUCER"]
    handled = [span for span in collector.spans if span.kind == "CONSUMER"]
    assert (sent.trace_id, sent.parent_id) == (TRACE, PARENT)
    assert {(span.trace_id, span.parent_id) for span in handled} == {(TRACE, sent.span_id)}
    assert [span.is_error for span in handled] == [True, True, False]


def test_the_span_of_an_event_that_the_broker_does_not_take_is_an_error(collector, name, tables, broker):
    with traced(collector.endpoint), connected(broker.url) as nats:
        with tables.transaction() as connection:
            write_to_outbox(connection, f"market.{name}.sold", {})
        with pytest.raises(Unavailable):
            Relay(tables, nats)._send_batch()
    assert [(span.kind, span.is_error) for span in collector.spans] == [("PRODUCER", True)]


def test_if_traces_are_off_opentelemetry_is_not_imported():
    program = """if True:
        import sys
        import messaging.consumer, messaging.nats, messaging.outbox

        print(sorted(name for name in sys.modules if name.startswith("opentelemetry")))
    """
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n"
