import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.events import Event, MalformedEvent, data_of, decode, encode, message_of
from nightmarket.events.v1.events_pb2 import OrderConfirmed, OrderShipped
from tests.support.tracing import TRACEPARENT

VALUES = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5)


@given(st.dictionaries(st.text(), VALUES), st.sampled_from(["", TRACEPARENT]))
def test_an_event_arrives_as_it_was_sent(data, traceparent):
    event = Event("market.orders.confirmed", data, "event-1", traceparent)
    assert decode(encode(event)) == event


def test_an_event_is_a_cloudevent_in_json():
    sent = json.loads(encode(Event("market.orders.confirmed", {"orderId": "1"}, "event-1", TRACEPARENT)))
    assert sent.pop("time")
    assert sent == {
        "specversion": "1.0",
        "id": "event-1",
        "type": "market.orders.confirmed",
        "source": "/night-market/orders",
        "datacontenttype": "application/json",
        "traceparent": TRACEPARENT,
        "data": {"orderId": "1"},
    }


@given(st.binary(max_size=100) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_a_payload_that_is_not_an_event_is_malformed(payload):
    with pytest.raises(MalformedEvent):
        decode(payload)


@pytest.mark.parametrize("name", ["id", "type", "source", "specversion"])
def test_an_event_without_a_required_attribute_is_malformed(name):
    sent = json.loads(encode(Event("market.orders.confirmed", {}, "event-1")))
    del sent[name]
    with pytest.raises(MalformedEvent):
        decode(json.dumps(sent).encode())


@pytest.mark.parametrize("data", ["text", 1, None, [1]])
def test_an_event_with_data_that_is_not_an_object_is_malformed(data):
    sent = json.loads(encode(Event("market.orders.confirmed", {}, "event-1")))
    with pytest.raises(MalformedEvent):
        decode(json.dumps({**sent, "data": data}).encode())


def test_the_data_of_an_event_is_a_protobuf_message():
    shipped = OrderShipped(order_id="o", tracking_number="t")
    event = Event("market.shipping.shipped", data_of(shipped), "event-1")
    assert event.data == {"orderId": "o", "trackingNumber": "t"}
    assert message_of(event, OrderShipped) == shipped


def test_unknown_fields_are_ignored():
    event = Event("market.orders.confirmed", {"orderId": "o", "isGift": True}, "event-1")
    assert message_of(event, OrderConfirmed) == OrderConfirmed(order_id="o")


def test_data_that_does_not_match_the_message_is_malformed():
    with pytest.raises(MalformedEvent):
        message_of(Event("market.orders.confirmed", {"orderId": 7}, "event-1"), OrderConfirmed)
