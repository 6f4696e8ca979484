"""An event belongs to the trace of the change that published it."""

import subprocess
import sys

import pytest

import messaging.consumer
from chassis.context import RequestContext, use_context
from chassis.errors import Unavailable
from libs.messaging.tests.service.example_service import Failing
from messaging.consumer import Consumer
from messaging.outbox import Relay, write_to_outbox
from tests.support.nats import connected
from tests.support.tracing import PARENT_ID, TRACE_ID, TRACEPARENT, traced
from tests.support.waiting import wait_until
from tools.dead_letters import replay_all

CHANGE = RequestContext({"traceparent": TRACEPARENT})


def test_sending_and_processing_an_event_belong_to_the_trace_of_its_change(
    collector, service_name, subject, database, nats
):
    handled = []
    consumer = Consumer(service_name, nats, database, {subject: lambda _, event: handled.append(event)})
    with traced(collector.endpoint):
        with database.transaction() as connection, use_context(CHANGE):
            write_to_outbox(connection, subject, {})
        Relay(database, nats).send_all()
        consumer.start()
        wait_until(lambda: handled)
        consumer.stop()
    by_kind = {(span.kind, span.name): span for span in collector.spans}
    sent = by_kind["PRODUCER", f"send {subject}"]
    processed = by_kind["CONSUMER", f"process {subject}"]
    assert {span.trace_id for span in collector.spans} == {TRACE_ID}
    assert (sent.parent_id, processed.parent_id) == (PARENT_ID, sent.span_id)
    assert len(collector.spans) == 2
    assert sent.attributes == attributes("send", subject, handled[0].id)
    assert processed.attributes == attributes("process", subject, handled[0].id) | {
        "messaging.consumer.group.name": service_name
    }


def attributes(operation, subject, event_id):
    """Return the attributes that OpenTelemetry's conventions define for a message."""
    return {
        "messaging.system": "nats",
        "messaging.operation.name": operation,
        "messaging.operation.type": operation,
        "messaging.destination.name": subject,
        "messaging.message.id": event_id,
    }


def test_a_replayed_dead_letter_stays_in_its_trace(collector, service, database, nats, monkeypatch):
    monkeypatch.setattr(messaging.consumer, "_RETRY_SECONDS", (0.01,))
    service.hook = Failing("tea", times=2)
    with traced(collector.endpoint):
        with database.transaction() as connection, use_context(CHANGE):
            write_to_outbox(connection, service.subject, {"name": "tea"})
        Relay(database, nats).send_all()
        with service.running():
            wait_until(service.dead_letters)
            replay_all(nats, service.name)
            wait_until(service.counts)
    [sent] = [span for span in collector.spans if span.kind == "PRODUCER"]
    handled = [span for span in collector.spans if span.kind == "CONSUMER"]
    assert (sent.trace_id, sent.parent_id) == (TRACE_ID, PARENT_ID)
    assert {(span.trace_id, span.parent_id) for span in handled} == {(TRACE_ID, sent.span_id)}
    assert [span.is_error for span in handled] == [True, True, False]


def test_the_span_of_an_event_that_cannot_be_sent_is_an_error(collector, subject, database, nats_server):
    with traced(collector.endpoint), connected(nats_server.url) as nats:
        with database.transaction() as connection:
            write_to_outbox(connection, subject, {})
        with pytest.raises(Unavailable):
            Relay(database, nats)._send_batch()
    assert [(span.kind, span.is_error) for span in collector.spans] == [("PRODUCER", True)]


def test_opentelemetry_is_not_imported_if_traces_are_off():
    program = """if True:
        import sys
        import messaging.consumer, messaging.nats, messaging.outbox

        print(sorted(name for name in sys.modules if name.startswith("opentelemetry")))
    """
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"
