import uuid
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime

import pytest

from chassis.errors import FailedPrecondition, Invalid, Unavailable
from orders.domain.orders import (
    CartEmpty,
    IdempotencyKeyReused,
    OrderNotFound,
    OrderShipped,
    ProductGone,
    State,
)
from orders.sweeper import Sweeper
from services.orders.tests.service.conftest import FLAT_CENTS, make_due

SOLD_OUT = FailedPrecondition("SOLD_OUT", "Sold out: lamp", {"productIds": "lamp"})
DOWN = Unavailable("UPSTREAM_UNAVAILABLE", "payments does not answer.")


def sweeper(shop, give_up_seconds=600.0):
    return Sweeper(shop.store, shop.executor, give_up_seconds)


def test_an_order_is_confirmed_with_an_event(shop):
    order = shop.orders.place(shop.request())
    assert (order.state, order.next_step, order.total_cents) == (State.CONFIRMED, None, 2 * 1999 + 500)
    assert shop.outbox() == ["market.orders.confirmed"]


def test_the_journey_has_each_step_with_its_service_once(shop):
    journey = shop.orders.place(shop.request()).journey
    assert [(step.step, step.service, step.outcome) for step in journey] == [
        ("order.place", "orders", "done"),
        ("stock.reserve", "inventory", "done"),
        ("payment.authorize", "payments", "done"),
        ("stock.commit", "inventory", "done"),
        ("order.confirm", "orders", "done"),
        ("payment.capture", "payments", "done"),
        ("cart.clear", "cart", "done"),
    ]


def test_each_step_is_recorded_before_it_is_tried(shop):
    request = shop.request()
    seen = []

    def look():
        order = shop.store.find(request.account_id, request.idempotency_key)
        seen.append((order.next_step, order.journey[-1].step, order.journey[-1].outcome))

    shop.services.before["authorize"] = look
    shop.orders.place(request)
    assert seen == [("payment.authorize", "payment.authorize", "started")]


def test_a_sold_out_product_is_rejected_every_time_with_its_id(shop):
    shop.services.errors["reserve"] = [SOLD_OUT]
    request = shop.request()
    for _ in range(2):
        with pytest.raises(FailedPrecondition) as error:
            shop.orders.place(request)
        assert error.value.reason == "SOLD_OUT"
        assert error.value.metadata["productIds"] == "lamp"
    assert "authorize" not in shop.services.calls
    assert shop.outbox() == []


def test_a_declined_card_releases_the_stock(shop):
    shop.services.errors["authorize"] = [FailedPrecondition("CARD_DECLINED", "The bank says no.")]
    with pytest.raises(FailedPrecondition):
        shop.orders.place(shop.request())
    assert shop.services.calls[-1] == "release"


def test_the_sweeper_finishes_an_order_whose_payment_is_unknown(shop):
    shop.services.errors["authorize"] = [DOWN]
    request = shop.request()
    assert shop.orders.place(request).state is State.PENDING
    make_due(shop)
    sweeper(shop).sweep()
    assert shop.store.find(request.account_id, request.idempotency_key).state is State.CONFIRMED


def test_an_order_whose_payment_is_unknown_can_be_canceled_at_once(shop):
    shop.services.errors["authorize"] = [DOWN] * 5
    request = shop.request()
    order = shop.orders.place(request)
    assert shop.orders.cancel("account", order.id).state is State.CANCELLED
    assert shop.services.calls[-3:] == ["authorize", "cancel_payment", "release"]


def test_a_step_that_keeps_failing_is_retried_less_often(shop):
    shop.services.errors["authorize"] = [DOWN] * 2
    shop.orders.place(shop.request())
    sweeper(shop).sweep()
    make_due(shop)
    sweeper(shop).sweep()
    with shop.database.connection() as connection:
        row = connection.execute("SELECT attempts, next_attempt_time - now() AS pause FROM orders").fetchone()
    assert row["attempts"] == 2
    assert 0.5 < row["pause"].total_seconds() <= 1.0


def test_an_order_that_is_pending_for_too_long_is_canceled_without_a_charge(shop):
    shop.services.errors["authorize"] = [DOWN]
    request = shop.request()
    shop.orders.place(request)
    make_due(shop)
    sweeper(shop, give_up_seconds=0.0).sweep()
    order = shop.store.find(request.account_id, request.idempotency_key)
    assert (order.state, order.rejection.reason) == (State.CANCELLED, "CHECKOUT_TIMED_OUT")
    assert shop.services.calls[-2:] == ["cancel_payment", "release"]


def test_concurrent_equal_requests_get_the_same_order(shop):
    request = shop.request()
    with ThreadPoolExecutor(12) as pool:
        orders = list(pool.map(lambda _: shop.orders.place(request), range(12)))
    assert len({order.id for order in orders}) == 1
    assert {(order.state, order.journey) for order in orders} == {(State.CONFIRMED, orders[0].journey)}
    assert shop.services.calls.count("authorize") == 1


@pytest.mark.parametrize("step", ["authorize", "capture", "clear_cart"])
def test_a_retry_waits_for_the_first_request(shop, step):
    request = shop.request()
    with ThreadPoolExecutor(1) as pool:
        again = []

        def try_again():
            again.append(pool.submit(shop.orders.place, request))
            wait(again, timeout=0.3)  # long enough for an answer that comes too early

        shop.services.before[step] = try_again
        assert shop.orders.place(request) == again[0].result()


def test_a_retry_does_not_wait_for_an_order_that_is_retried_later(shop):
    shop.services.errors["authorize"] = [DOWN] * 2
    request = shop.request()
    orders = [shop.orders.place(request) for _ in range(2)]
    assert [order.state for order in orders] == [State.PENDING] * 2
    assert shop.services.calls.count("authorize") == 1


def test_an_order_ships_at_the_flat_rate_if_shipping_is_down(shop):
    shop.services.errors["shipping_cents"] = [
        Unavailable("UPSTREAM_UNAVAILABLE", "shipping does not answer.")
    ]
    order = shop.orders.place(shop.request())
    assert (order.state, order.shipping_cents) == (State.CONFIRMED, FLAT_CENTS)
    assert order.total_cents == order.subtotal_cents + FLAT_CENTS


def test_a_country_that_shipping_does_not_know_is_rejected(shop):
    shop.services.errors["shipping_cents"] = [Invalid("COUNTRY_INVALID", "There is no such country.")]
    with pytest.raises(Invalid):
        shop.orders.place(shop.request())


def test_a_key_of_a_different_request_is_rejected(shop):
    key = str(uuid.uuid4())
    shop.orders.place(shop.request(idempotency_key=key))
    other = shop.request(idempotency_key=key)
    object.__setattr__(other, "payment_token", "tok_other")
    with pytest.raises(IdempotencyKeyReused):
        shop.orders.place(other)


def test_a_retry_gets_its_order_even_if_the_cart_has_changed(shop):
    request = shop.request()
    order = shop.orders.place(request)
    shop.services.errors["priced_cart"] = [ProductGone("No longer sold: lamp")]
    assert shop.orders.place(request) == order


def test_a_request_whose_cart_was_cleared_by_an_equal_request_gets_its_order(shop):
    request, first = shop.request(), []

    def overtake():
        first.append(shop.orders.place(request))
        shop.services.errors["priced_cart"] = [CartEmpty("The cart is empty.")]

    shop.services.before["priced_cart"] = overtake
    assert shop.orders.place(request) == first[0]


def test_a_request_that_is_overtaken_by_a_different_one_with_its_key_is_rejected(shop):
    key, first = str(uuid.uuid4()), []
    other = shop.request(idempotency_key=key)
    object.__setattr__(other, "payment_token", "tok_other")
    shop.services.before["priced_cart"] = lambda: first.append(shop.orders.place(other))
    with pytest.raises(IdempotencyKeyReused):
        shop.orders.place(shop.request(idempotency_key=key))
    assert [order.state for order in first] == [State.CONFIRMED]


def test_two_keys_are_two_purchases_even_of_one_cart(shop):
    second = []
    shop.services.before["authorize"] = lambda: second.append(shop.orders.place(shop.request()))
    first = shop.orders.place(shop.request())
    assert [order.state for order in (first, *second)] == [State.CONFIRMED] * 2
    assert first.lines == second[0].lines
    assert first.id != second[0].id


def test_two_accounts_can_use_the_same_key(shop):
    key = str(uuid.uuid4())
    orders = [shop.orders.place(shop.request(account_id=a, idempotency_key=key)) for a in ("one", "two")]
    assert orders[0].id != orders[1].id


def test_a_canceled_order_returns_money_and_stock_with_an_event(shop):
    order = shop.orders.place(shop.request())
    canceled = shop.orders.cancel("account", order.id)
    assert (canceled.state, canceled.rejection.reason) == (State.CANCELLED, "CANCELLED_BY_BUYER")
    assert shop.services.calls[-3:] == ["cancel_shipment", "cancel_payment", "release"]
    assert shop.outbox() == ["market.orders.confirmed", "market.orders.cancelled"]
    assert shop.orders.cancel("account", order.id).state is State.CANCELLED


def test_a_retry_gets_its_canceled_order(shop):
    request = shop.request()
    order = shop.orders.place(request)
    shop.orders.cancel("account", order.id)
    assert shop.orders.place(request).state is State.CANCELLED


def test_an_order_whose_shipment_has_left_cannot_be_canceled(shop):
    order = shop.orders.place(shop.request())
    shop.services.errors["cancel_shipment"] = [FailedPrecondition("ORDER_SHIPPED", "The carrier has it.")]
    with pytest.raises(OrderShipped):
        shop.orders.cancel("account", order.id)
    assert shop.store.order("account", order.id).state is State.CONFIRMED


def test_a_shipped_order_has_its_tracking_number_and_cannot_be_canceled(shop):
    order = shop.orders.place(shop.request())
    with shop.database.transaction() as connection:
        shop.store.ship(connection, order.id, "NM123", datetime.now(UTC))
    shipped = shop.store.order("account", order.id)
    assert (shipped.state, shipped.tracking_number) == (State.SHIPPED, "NM123")
    assert shipped.journey[-1].step == "shipment.ship"
    with pytest.raises(OrderShipped):
        shop.orders.cancel("account", order.id)


def test_the_order_of_another_account_is_not_found(shop):
    order = shop.orders.place(shop.request())
    with pytest.raises(OrderNotFound):
        shop.store.order("other", order.id)


def test_orders_are_paged_newest_first(shop):
    placed = [shop.orders.place(shop.request()).id for _ in range(3)]
    first, more = shop.store.page("account", 2, None)
    rest, end = shop.store.page("account", 2, (first[-1].create_time, first[-1].id))
    assert [order.id for order in first + rest] == placed[::-1]
    assert (more, end) == (True, False)
