import pytest

from chassis.errors import Conflict, Invalid, NotFound, Refused
from chassis.testing import eventually
from nightmarket.inventory.v1.inventory_pb2 import Reservation

SEEDED = "kintsugi-bowl"


def refusal_of(error, call, *args, **kwargs):
    with pytest.raises(error) as refused:
        call(*args, **kwargs)
    return refused.value


def test_the_first_delivery_is_on_the_shelf(inventory):
    assert inventory.available(SEEDED) == inventory.audit(SEEDED)["delivered"] == 3


@pytest.mark.parametrize("product_id", ["no-such", "", "a\0b", "x" * 100_000])
def test_the_stock_of_an_unknown_product_is_not_found(inventory, product_id):
    assert refusal_of(NotFound, inventory.available, product_id).reason == "PRODUCT_NOT_FOUND"


def test_reserved_pieces_cannot_be_bought_by_others(inventory, product, order_id):
    reservation = inventory.reserves(order_id, **{product: 4})
    assert reservation.state == Reservation.HELD
    assert reservation.expire_time.seconds > 0
    assert inventory.available(product) == 1


def test_the_same_order_is_given_its_first_reservation_again(inventory, product, order_id):
    first = inventory.reserves(order_id, **{SEEDED: 1, product: 2})
    assert inventory.reserves(order_id, **{product: 2, SEEDED: 1}) == first
    assert inventory.available(product) == 3


def test_an_order_is_given_its_reservation_again_when_nothing_else_is_left(inventory, product, order_id):
    first = inventory.reserves(order_id, **{product: 5})
    assert inventory.reserves(order_id, **{product: 5}) == first


def test_an_order_cannot_reserve_something_else_later(inventory, product, order_id):
    inventory.reserves(order_id, **{product: 2})
    refused = refusal_of(Conflict, inventory.reserves, order_id, **{product: 3})
    assert refused.reason == "RESERVATION_DIFFERS"
    assert inventory.available(product) == 3


def test_a_sold_out_product_is_named_and_nothing_is_kept(inventory, product, order_id):
    refused = refusal_of(Refused, inventory.reserves, order_id, **{SEEDED: 1, product: 6})
    assert refused.reason == "SOLD_OUT"
    assert refused.metadata == {product: "5"}
    assert inventory.audit(SEEDED)["held"] + inventory.available(SEEDED) == 3
    assert refusal_of(NotFound, inventory.commits, order_id).reason == "RESERVATION_NOT_FOUND"


def test_a_whole_basket_that_is_sold_out_fits_into_one_answer(inventory, order_id):
    gone = {f"{number:02}-{order_id}{'x' * 25}": 0 for number in range(50)}
    inventory.delivers(**gone)
    refused = refusal_of(Refused, inventory.reserves, order_id, **dict.fromkeys(gone, 99))
    assert refused.metadata == dict.fromkeys(gone, "0")


def test_an_unknown_product_cannot_be_reserved_and_nothing_is_kept(inventory, product, order_id):
    refused = refusal_of(NotFound, inventory.reserves, order_id, **{product: 1, "no-such": 1})
    assert refused.reason == "PRODUCT_NOT_FOUND"
    assert inventory.available(product) == 5


@pytest.mark.parametrize(
    ("quantities", "reason"),
    [
        ({}, "LINES_EMPTY"),
        ({SEEDED: 0}, "QUANTITY_INVALID"),
        ({SEEDED: -(2**31)}, "QUANTITY_INVALID"),
        ({SEEDED: 2**31 - 1}, "QUANTITY_INVALID"),
        ({f"product-{number}": 1 for number in range(51)}, "TOO_MANY_LINES"),
    ],
)
def test_a_reservation_that_makes_no_sense_is_refused_with_a_reason(inventory, order_id, quantities, reason):
    assert refusal_of(Invalid, inventory.reserves, order_id, **quantities).reason == reason


@pytest.mark.parametrize("bad_id", ["", "a\0b", "x" * 100_000])
def test_an_id_that_no_order_has_is_refused_by_every_call(inventory, bad_id):
    calls = [lambda: inventory.reserves(bad_id, **{SEEDED: 1}), lambda: inventory.commits(bad_id),
             lambda: inventory.releases(bad_id)]  # fmt: skip
    assert {refusal_of(Invalid, call).reason for call in calls} == {"ORDER_ID_INVALID"}


def test_a_committed_reservation_is_sold_once(inventory, product, order_id):
    inventory.reserves(order_id, **{product: 2})
    first, again = inventory.commits(order_id), inventory.commits(order_id)
    assert first == again
    assert first.state == Reservation.COMMITTED
    assert inventory.audit(product) == {
        "product_id": product, "available": 3, "held": 0, "delivered": 5, "sold": 2, "returned": 0,
    }  # fmt: skip


def test_released_pieces_can_be_bought_again(inventory, product, order_id):
    inventory.reserves(order_id, **{product: 2})
    first, again = inventory.releases(order_id), inventory.releases(order_id)
    assert first == again
    assert first.state == Reservation.RELEASED
    assert inventory.available(product) == 5


def test_sold_pieces_that_are_released_return_to_the_stock(inventory, product, order_id):
    inventory.reserves(order_id, **{product: 2})
    inventory.commits(order_id)
    inventory.releases(order_id)
    inventory.releases(order_id)
    assert inventory.audit(product) == {
        "product_id": product, "available": 5, "held": 0, "delivered": 5, "sold": 2, "returned": 2,
    }  # fmt: skip


def test_a_released_reservation_cannot_be_committed(inventory, product, order_id):
    inventory.reserves(order_id, **{product: 2})
    inventory.releases(order_id)
    assert refusal_of(Refused, inventory.commits, order_id).reason == "RESERVATION_RELEASED"


def test_a_reservation_that_comes_after_its_release_keeps_nothing(inventory, product, order_id):
    assert inventory.releases(order_id).state == Reservation.RELEASED
    refused = refusal_of(Refused, inventory.reserves, order_id, **{product: 1})
    assert refused.reason == "RESERVATION_RELEASED"
    assert inventory.releases(order_id).state == Reservation.RELEASED
    assert inventory.available(product) == 5
    assert refusal_of(Refused, inventory.commits, order_id).reason == "RESERVATION_RELEASED"


def test_the_sweeper_gives_back_what_is_not_bought_in_time(inventory, product, order_id):
    inventory.reserves(order_id, **{product: 5})
    inventory.lets_the_time_pass_of(order_id)
    eventually(lambda: inventory.available(product) == 5)
    assert refusal_of(Refused, inventory.commits, order_id).reason == "RESERVATION_EXPIRED"
    assert inventory.reserves(order_id, **{product: 5}).state == Reservation.EXPIRED
    assert inventory.releases(order_id).state == Reservation.EXPIRED


def test_the_sweeper_gives_back_more_than_it_sees_at_once(inventory, product):
    orders = [f"{product}-{number}"[-60:] for number in range(120)]
    inventory.delivers(**{f"many-{product}": 120})
    for order_id in orders:
        inventory.reserves(order_id, **{f"many-{product}": 1})
    for order_id in orders:
        inventory.lets_the_time_pass_of(order_id)
    eventually(lambda: inventory.available(f"many-{product}") == 120)


def test_sold_pieces_do_not_expire(inventory, product, order_id):
    inventory.reserves(order_id, **{product: 1})
    inventory.commits(order_id)
    inventory.lets_the_time_pass_of(order_id)
    assert inventory.commits(order_id).state == Reservation.COMMITTED
