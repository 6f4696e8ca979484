from uuid import uuid4

import pytest

from chassis.testing import eventually
from nightmarket.shipping.v1.shipping_pb2 import Shipment

CONFIRMED, CANCELLED = "market.orders.confirmed", "market.orders.cancelled"


@pytest.fixture(scope="module")
def neighbour(run_shipping):
    with run_shipping(pack_seconds=3600) as running:
        yield running


def is_still_here_when_all_others_leave(neighbour, order_id):
    neighbour.tells(CONFIRMED, other := str(uuid4()))
    neighbour.finishes_packing()
    eventually(lambda: neighbour.hears(other))
    return not neighbour.hears(order_id) and neighbour.parcel(order_id).state == Shipment.CANCELLED


def test_a_parcel_is_packed_before_it_leaves(neighbour, order_id):
    neighbour.tells(CONFIRMED, order_id)
    parcel = neighbour.parcel(order_id)
    assert parcel.state == Shipment.PACKING
    assert not parcel.tracking_number
    assert not parcel.HasField("ship_time")


def test_a_parcel_that_is_withheld_while_it_is_packed_never_leaves(neighbour, order_id):
    neighbour.tells(CONFIRMED, order_id)
    assert neighbour.withholds(order_id).state == Shipment.CANCELLED
    assert is_still_here_when_all_others_leave(neighbour, order_id)


def test_the_parcel_of_an_order_that_is_cancelled_while_it_is_packed_never_leaves(neighbour, order_id):
    neighbour.tells(CONFIRMED, order_id)
    neighbour.tells(CANCELLED, order_id)
    assert is_still_here_when_all_others_leave(neighbour, order_id)


def test_an_order_whose_cancellation_comes_first_never_gets_a_parcel(neighbour, order_id):
    neighbour.tells(CANCELLED, order_id)
    neighbour.tells(CONFIRMED, order_id)
    assert is_still_here_when_all_others_leave(neighbour, order_id)


def test_an_order_that_is_withheld_before_it_is_heard_of_never_gets_a_parcel(neighbour, order_id):
    neighbour.withholds(order_id)
    neighbour.tells(CONFIRMED, order_id)
    assert is_still_here_when_all_others_leave(neighbour, order_id)
