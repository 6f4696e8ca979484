from uuid import uuid4

import pytest

from chassis.errors import FailedPrecondition
from nightmarket.shipping.v1.shipping_pb2 import Shipment
from nightmarket.subjects import ORDER_CANCELLED, ORDER_CONFIRMED
from tests.support.waiting import wait_until


@pytest.fixture(scope="module")
def client(run_shipping):
    with run_shipping(pack_seconds=0) as running:
        yield running


def shipped(client, order_id):
    """Return the order's shipment once the carrier has it."""
    wait_until(lambda: client.events(order_id))
    return client.shipment(order_id)


def test_a_confirmed_order_is_shipped(client, order_id):
    client.publish_and_wait(ORDER_CONFIRMED, order_id)
    shipment = shipped(client, order_id)
    assert shipment.state == Shipment.SHIPPED
    assert shipment.tracking_number
    assert shipment.ship_time.seconds


def test_the_event_names_the_shipment_and_the_buyer(client, order_id):
    client.publish_and_wait(ORDER_CONFIRMED, order_id)
    shipment = shipped(client, order_id)
    [event] = client.events(order_id)
    assert event == {
        "orderId": order_id,
        "trackingNumber": shipment.tracking_number,
        "createTime": shipment.ship_time.ToJsonString(),
        "accountId": "ada",
        "email": "ada@example.com",
    }


@pytest.mark.parametrize("same_event", [True, False], ids=["same event", "another event"])
def test_an_order_that_is_confirmed_twice_has_one_shipment(client, order_id, same_event):
    event_id = client.publish_and_wait(ORDER_CONFIRMED, order_id)
    shipment = shipped(client, order_id)
    client.publish_and_wait(ORDER_CONFIRMED, order_id, event_id if same_event else "")
    client.publish_and_wait(ORDER_CONFIRMED, behind := str(uuid4()))
    shipped(client, behind)
    assert client.shipment(order_id) == shipment
    assert len(client.events(order_id)) == 1


def test_shipments_have_different_tracking_numbers(client):
    orders = [str(uuid4()), str(uuid4())]
    for order in orders:
        client.publish_and_wait(ORDER_CONFIRMED, order)
    assert len({shipped(client, order).tracking_number for order in orders}) == 2


def test_a_shipped_shipment_cannot_be_canceled(client, order_id):
    client.publish_and_wait(ORDER_CONFIRMED, order_id)
    shipped(client, order_id)
    with pytest.raises(FailedPrecondition) as error:
        client.cancel(order_id)
    assert error.value.reason == "ORDER_SHIPPED"


def test_a_late_cancellation_changes_nothing(client, order_id):
    client.publish_and_wait(ORDER_CONFIRMED, order_id)
    shipment = shipped(client, order_id)
    client.publish_and_wait(ORDER_CANCELLED, order_id)
    assert client.shipment(order_id) == shipment
