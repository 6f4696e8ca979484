import pytest

from chassis.errors import Conflict, FailedPrecondition, Invalid, NotFound
from nightmarket.inventory.v1.inventory_pb2 import Reservation
from tests.support.waiting import wait_until

SEEDED = "kintsugi-bowl"


def error_of(error, call, *args, **kwargs):
    with pytest.raises(error) as error:
        call(*args, **kwargs)
    return error.value


def test_the_initial_stock_is_available(inventory):
    assert inventory.available(SEEDED) == inventory.balance(SEEDED)["delivered"] == 3


@pytest.mark.parametrize("product_id", ["no-such", "", "a\0b", "x" * 100_000])
def test_the_stock_of_an_unknown_product_is_not_found(inventory, product_id):
    assert error_of(NotFound, inventory.available, product_id).reason == "PRODUCT_NOT_FOUND"


def test_reserved_units_are_not_available(inventory, product, order_id):
    reservation = inventory.reserve(order_id, **{product: 4})
    assert reservation.state == Reservation.HELD
    assert reservation.expire_time.seconds > 0
    assert inventory.available(product) == 1


def test_the_same_order_gets_its_first_reservation_again(inventory, product, order_id):
    first = inventory.reserve(order_id, **{SEEDED: 1, product: 2})
    assert inventory.reserve(order_id, **{product: 2, SEEDED: 1}) == first
    assert inventory.available(product) == 3


def test_an_order_gets_its_reservation_again_if_nothing_is_left(inventory, product, order_id):
    first = inventory.reserve(order_id, **{product: 5})
    assert inventory.reserve(order_id, **{product: 5}) == first


def test_an_order_cannot_reserve_other_lines_later(inventory, product, order_id):
    inventory.reserve(order_id, **{product: 2})
    error = error_of(Conflict, inventory.reserve, order_id, **{product: 3})
    assert error.reason == "RESERVATION_DIFFERS"
    assert inventory.available(product) == 3


def test_a_sold_out_product_is_named_and_nothing_is_reserved(inventory, product, order_id):
    error = error_of(FailedPrecondition, inventory.reserve, order_id, **{SEEDED: 1, product: 6})
    assert error.reason == "SOLD_OUT"
    assert error.metadata == {product: "5"}
    assert inventory.balance(SEEDED)["held"] + inventory.available(SEEDED) == 3
    assert error_of(NotFound, inventory.commit, order_id).reason == "RESERVATION_NOT_FOUND"


def test_fifty_sold_out_products_fit_into_one_error(inventory, order_id):
    sold_out = {f"{number:02}-{order_id}{'x' * 25}": 0 for number in range(50)}
    inventory.deliver(**sold_out)
    error = error_of(FailedPrecondition, inventory.reserve, order_id, **dict.fromkeys(sold_out, 99))
    assert error.metadata == dict.fromkeys(sold_out, "0")


def test_an_unknown_product_is_rejected_and_nothing_is_reserved(inventory, product, order_id):
    error = error_of(NotFound, inventory.reserve, order_id, **{product: 1, "no-such": 1})
    assert error.reason == "PRODUCT_NOT_FOUND"
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
def test_an_invalid_reservation_is_rejected_with_a_reason(inventory, order_id, quantities, reason):
    assert error_of(Invalid, inventory.reserve, order_id, **quantities).reason == reason


@pytest.mark.parametrize("bad_id", ["", "a\0b", "x" * 100_000])
def test_an_invalid_order_id_is_rejected_by_every_rpc(inventory, bad_id):
    calls = [lambda: inventory.reserve(bad_id, **{SEEDED: 1}), lambda: inventory.commit(bad_id),
             lambda: inventory.release(bad_id)]  # fmt: skip
    assert {error_of(Invalid, call).reason for call in calls} == {"ORDER_ID_INVALID"}


def test_committing_twice_sells_once(inventory, product, order_id):
    inventory.reserve(order_id, **{product: 2})
    first, again = inventory.commit(order_id), inventory.commit(order_id)
    assert first == again
    assert first.state == Reservation.COMMITTED
    assert inventory.balance(product) == {
        "product_id": product, "available": 3, "held": 0, "delivered": 5, "sold": 2, "returned": 0,
    }  # fmt: skip


def test_released_units_are_available_again(inventory, product, order_id):
    inventory.reserve(order_id, **{product: 2})
    first, again = inventory.release(order_id), inventory.release(order_id)
    assert first == again
    assert first.state == Reservation.RELEASED
    assert inventory.available(product) == 5


def test_released_units_of_a_sale_return_to_stock(inventory, product, order_id):
    inventory.reserve(order_id, **{product: 2})
    inventory.commit(order_id)
    inventory.release(order_id)
    inventory.release(order_id)
    assert inventory.balance(product) == {
        "product_id": product, "available": 5, "held": 0, "delivered": 5, "sold": 2, "returned": 2,
    }  # fmt: skip


def test_a_released_reservation_cannot_be_committed(inventory, product, order_id):
    inventory.reserve(order_id, **{product: 2})
    inventory.release(order_id)
    assert error_of(FailedPrecondition, inventory.commit, order_id).reason == "RESERVATION_RELEASED"


def test_a_reserve_after_the_release_of_its_order_reserves_nothing(inventory, product, order_id):
    assert inventory.release(order_id).state == Reservation.RELEASED
    error = error_of(FailedPrecondition, inventory.reserve, order_id, **{product: 1})
    assert error.reason == "RESERVATION_RELEASED"
    assert inventory.release(order_id).state == Reservation.RELEASED
    assert inventory.available(product) == 5
    assert error_of(FailedPrecondition, inventory.commit, order_id).reason == "RESERVATION_RELEASED"


def test_the_sweeper_expires_overdue_reservations(inventory, product, order_id):
    inventory.reserve(order_id, **{product: 5})
    inventory.make_overdue(order_id)
    wait_until(lambda: inventory.available(product) == 5)
    assert error_of(FailedPrecondition, inventory.commit, order_id).reason == "RESERVATION_EXPIRED"
    assert inventory.reserve(order_id, **{product: 5}).state == Reservation.EXPIRED
    assert inventory.release(order_id).state == Reservation.EXPIRED


def test_the_sweeper_expires_more_than_one_batch(inventory, product):
    orders = [f"{product}-{number}"[-60:] for number in range(120)]
    inventory.deliver(**{f"many-{product}": 120})
    for order_id in orders:
        inventory.reserve(order_id, **{f"many-{product}": 1})
    for order_id in orders:
        inventory.make_overdue(order_id)
    wait_until(lambda: inventory.available(f"many-{product}") == 120)


def test_sold_units_do_not_expire(inventory, product, order_id):
    inventory.reserve(order_id, **{product: 1})
    inventory.commit(order_id)
    inventory.make_overdue(order_id)
    assert inventory.commit(order_id).state == Reservation.COMMITTED
