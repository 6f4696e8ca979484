from uuid import uuid4

import pytest

from chassis.errors import Refused
from chassis.testing import eventually
from nightmarket.shipping.v1.shipping_pb2 import Shipment

CONFIRMED, CANCELLED = "market.orders.confirmed", "market.orders.cancelled"


@pytest.fixture(scope="module")
def neighbour(run_shipping):
    with run_shipping(pack_seconds=0) as running:
        yield running


def consigned(neighbour, order_id):
    """The order's parcel, once the carrier has it."""
    eventually(lambda: neighbour.hears(order_id))
    return neighbour.parcel(order_id)


def test_the_parcel_of_a_confirmed_order_goes_to_the_carrier(neighbour, order_id):
    neighbour.tells(CONFIRMED, order_id)
    parcel = consigned(neighbour, order_id)
    assert parcel.state == Shipment.SHIPPED
    assert parcel.tracking_number
    assert parcel.ship_time.seconds


def test_the_market_hears_of_the_parcel_and_whom_it_is_for(neighbour, order_id):
    neighbour.tells(CONFIRMED, order_id)
    parcel = consigned(neighbour, order_id)
    [heard] = neighbour.hears(order_id)
    assert heard == {
        "orderId": order_id,
        "trackingNumber": parcel.tracking_number,
        "createTime": parcel.ship_time.ToJsonString(),
        "accountId": "ada",
        "email": "ada@example.com",
    }


@pytest.mark.parametrize("same_event", [True, False], ids=["same event", "another event"])
def test_an_order_that_is_confirmed_twice_has_one_parcel(neighbour, order_id, same_event):
    event_id = neighbour.tells(CONFIRMED, order_id)
    parcel = consigned(neighbour, order_id)
    neighbour.tells(CONFIRMED, order_id, event_id if same_event else "")
    neighbour.tells(CONFIRMED, behind := str(uuid4()))
    consigned(neighbour, behind)
    assert neighbour.parcel(order_id) == parcel
    assert len(neighbour.hears(order_id)) == 1


def test_the_parcels_of_two_orders_have_different_numbers(neighbour):
    orders = [str(uuid4()), str(uuid4())]
    for order in orders:
        neighbour.tells(CONFIRMED, order)
    assert len({consigned(neighbour, order).tracking_number for order in orders}) == 2


def test_a_parcel_that_the_carrier_has_cannot_be_withheld(neighbour, order_id):
    neighbour.tells(CONFIRMED, order_id)
    consigned(neighbour, order_id)
    with pytest.raises(Refused) as refused:
        neighbour.withholds(order_id)
    assert refused.value.reason == "ORDER_SHIPPED"


def test_a_cancellation_that_comes_too_late_changes_nothing(neighbour, order_id):
    neighbour.tells(CONFIRMED, order_id)
    parcel = consigned(neighbour, order_id)
    neighbour.tells(CANCELLED, order_id)
    assert neighbour.parcel(order_id) == parcel
