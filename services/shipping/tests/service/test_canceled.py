from uuid import uuid4

import pytest

from nightmarket.shipping.v1.shipping_pb2 import Shipment
from nightmarket.subjects import ORDER_CANCELLED, ORDER_CONFIRMED
from tests.support.waiting import wait_until


@pytest.fixture(scope="module")
def client(run_shipping):
    with run_shipping(pack_seconds=3600) as running:
        yield running


def is_not_shipped_with_the_others(client, order_id):
    client.publish_and_wait(ORDER_CONFIRMED, other := str(uuid4()))
    client.finish_packing()
    wait_until(lambda: client.events(other))
    return not client.events(order_id) and client.shipment(order_id).state == Shipment.CANCELLED


def test_a_shipment_is_packed_before_it_is_shipped(client, order_id):
    client.publish_and_wait(ORDER_CONFIRMED, order_id)
    shipment = client.shipment(order_id)
    assert shipment.state == Shipment.PACKING
    assert not shipment.tracking_number
    assert not shipment.HasField("ship_time")


def test_a_shipment_that_is_canceled_while_packing_is_never_shipped(client, order_id):
    client.publish_and_wait(ORDER_CONFIRMED, order_id)
    assert client.cancel(order_id).state == Shipment.CANCELLED
    assert is_not_shipped_with_the_others(client, order_id)


def test_an_order_that_is_canceled_while_packing_is_never_shipped(client, order_id):
    client.publish_and_wait(ORDER_CONFIRMED, order_id)
    client.publish_and_wait(ORDER_CANCELLED, order_id)
    assert is_not_shipped_with_the_others(client, order_id)


def test_an_order_whose_cancellation_arrives_first_is_never_shipped(client, order_id):
    client.publish_and_wait(ORDER_CANCELLED, order_id)
    client.publish_and_wait(ORDER_CONFIRMED, order_id)
    assert is_not_shipped_with_the_others(client, order_id)


def test_a_shipment_that_is_canceled_before_the_confirmation_is_never_shipped(client, order_id):
    client.cancel(order_id)
    client.publish_and_wait(ORDER_CONFIRMED, order_id)
    assert is_not_shipped_with_the_others(client, order_id)
