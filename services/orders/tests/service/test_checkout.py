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
from orders.store import Store
from orders.sweeper import Sweeper
from services.orders.tests.service.conftest import FLAT_CENTS, make_due

SOLD_OUT = FailedPrecondition("SOLD_OUT", "Sold out: lamp", {"productIds": "lamp"})
DOWN = Unavailable("UPSTREAM_UNAVAILABLE", "payments does not answer.")


def sweeper(shop, give_up_seconds=600.0):
    return Sweeper(shop.store, shop.driver, give_up_seconds)


def test_an_order_is_confirmed_and_everybody_is_told(shop):
    order = shop.checkout.place(shop.request())
    assert (order.state, order.next_step, order.total_cents) == (State.CONFIRMED, None, 2 * 1999 + 500)
    assert shop.outbox() == ["market.orders.confirmed"]


def test_the_journey_names_each_step_and_its_service_once(shop):
    journey = shop.checkout.place(shop.request()).journey
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
        order = shop.store.by_key(request.account_id, request.idempotency_key)
        seen.append((order.next_step, order.journey[-1].step, order.journey[-1].outcome))

    shop.services.before["authorize"] = look
    shop.checkout.place(request)
    assert seen == [("payment.authorize", "payment.authorize", "started")]


def test_a_sold_out_product_is_refused_with_what_is_sold_out_every_time(shop):
    shop.services.errors["reserve"] = [SOLD_OUT]
    request = shop.request()
    for _ in range(2):
        with pytest.raises(FailedPrecondition) as refused:
            shop.checkout.place(request)
        assert refused.value.reason == "SOLD_OUT"
        assert refused.value.metadata["productIds"] == "lamp"
    assert "authorize" not in shop.services.asked
    assert shop.outbox() == []


def test_a_declined_card_gives_the_pieces_back(shop):
    shop.services.errors["authorize"] = [FailedPrecondition("CARD_DECLINED", "The bank says no.")]
    with pytest.raises(FailedPrecondition):
        shop.checkout.place(shop.request())
    assert shop.services.asked[-1] == "release"


def test_an_order_whose_payment_is_unknown_stays_pending_and_the_sweeper_finishes_it(shop):
    shop.services.errors["authorize"] = [DOWN]
    request = shop.request()
    assert shop.checkout.place(request).state is State.PENDING
    make_due(shop)
    sweeper(shop).sweep()
    assert shop.store.by_key(request.account_id, request.idempotency_key).state is State.CONFIRMED


def test_an_order_that_waits_for_its_payment_can_be_cancelled_without_waiting_for_it(shop):
    shop.services.errors["authorize"] = [DOWN] * 5
    request = shop.request()
    order = shop.checkout.place(request)
    assert shop.checkout.cancel("account", order.id).state is State.CANCELLED
    assert shop.services.asked[-3:] == ["authorize", "cancel_payment", "release"]


def test_a_step_that_keeps_failing_is_tried_less_and_less_often(shop):
    shop.services.errors["authorize"] = [DOWN] * 2
    shop.checkout.place(shop.request())
    sweeper(shop).sweep()
    make_due(shop)
    sweeper(shop).sweep()
    with shop.database.connection() as connection:
        row = connection.execute("SELECT attempts, next_attempt_time - now() AS pause FROM orders").fetchone()
    assert row["attempts"] == 2
    assert 0.5 < row["pause"].total_seconds() <= 1.0


def test_an_order_that_is_pending_for_too_long_is_given_up_and_nothing_is_charged(shop):
    shop.services.errors["authorize"] = [DOWN]
    request = shop.request()
    shop.checkout.place(request)
    make_due(shop)
    sweeper(shop, give_up_seconds=0.0).sweep()
    order = shop.store.by_key(request.account_id, request.idempotency_key)
    assert (order.state, order.rejection.reason) == (State.CANCELLED, "CHECKOUT_TIMED_OUT")
    assert shop.services.asked[-2:] == ["cancel_payment", "release"]


def test_the_same_request_at_once_makes_one_order_and_equal_answers(shop):
    request = shop.request()
    with ThreadPoolExecutor(12) as pool:
        orders = list(pool.map(lambda _: shop.checkout.place(request), range(12)))
    assert len({order.id for order in orders}) == 1
    assert {(order.state, order.journey) for order in orders} == {(State.CONFIRMED, orders[0].journey)}
    assert shop.services.asked.count("authorize") == 1


@pytest.mark.parametrize("step", ["authorize", "capture", "clear_basket"])
def test_the_same_request_again_waits_until_the_first_one_is_done(shop, step):
    request = shop.request()
    with ThreadPoolExecutor(1) as pool:
        again = []

        def try_again():
            again.append(pool.submit(shop.checkout.place, request))
            wait(again, timeout=0.3)  # long enough for an answer that comes too early

        shop.services.before[step] = try_again
        assert shop.checkout.place(request) == again[0].result()


def test_the_same_request_again_does_not_wait_for_an_order_that_is_tried_again_later(shop):
    shop.services.errors["authorize"] = [DOWN] * 2
    request = shop.request()
    orders = [shop.checkout.place(request) for _ in range(2)]
    assert [order.state for order in orders] == [State.PENDING] * 2
    assert shop.services.asked.count("authorize") == 1


def test_an_order_is_sent_at_the_flat_rate_while_shipping_is_down(shop):
    shop.services.errors["shipping_cents"] = [
        Unavailable("UPSTREAM_UNAVAILABLE", "shipping does not answer.")
    ]
    order = shop.checkout.place(shop.request())
    assert (order.state, order.shipping_cents) == (State.CONFIRMED, FLAT_CENTS)
    assert order.total_cents == order.subtotal_cents + FLAT_CENTS


def test_a_country_that_shipping_does_not_know_is_refused(shop):
    shop.services.errors["shipping_cents"] = [Invalid("COUNTRY_INVALID", "There is no such country.")]
    with pytest.raises(Invalid):
        shop.checkout.place(shop.request())


def test_a_key_that_belongs_to_another_request_is_refused(shop):
    key = str(uuid.uuid4())
    shop.checkout.place(shop.request(idempotency_key=key))
    other = shop.request(idempotency_key=key)
    object.__setattr__(other, "payment_token", "tok_other")
    with pytest.raises(IdempotencyKeyReused):
        shop.checkout.place(other)


def test_the_same_request_again_gets_its_order_whatever_became_of_the_basket(shop):
    request = shop.request()
    order = shop.checkout.place(request)
    shop.services.errors["priced_basket"] = [ProductGone("Not sold any more: lamp")]
    assert shop.checkout.place(request) == order


def test_a_request_that_finds_its_basket_emptied_by_its_equal_gets_the_order_of_that(shop):
    request, first = shop.request(), []

    def overtake():
        first.append(shop.checkout.place(request))
        shop.services.errors["priced_basket"] = [CartEmpty("There is nothing in the basket.")]

    shop.services.before["priced_basket"] = overtake
    assert shop.checkout.place(request) == first[0]


def test_a_request_that_is_overtaken_by_another_under_its_key_is_refused(shop):
    key, first = str(uuid.uuid4()), []
    other = shop.request(idempotency_key=key)
    object.__setattr__(other, "payment_token", "tok_other")
    shop.services.before["priced_basket"] = lambda: first.append(shop.checkout.place(other))
    with pytest.raises(IdempotencyKeyReused):
        shop.checkout.place(shop.request(idempotency_key=key))
    assert [order.state for order in first] == [State.CONFIRMED]


def test_two_keys_are_two_purchases_even_of_one_basket(shop):
    second = []
    shop.services.before["authorize"] = lambda: second.append(shop.checkout.place(shop.request()))
    first = shop.checkout.place(shop.request())
    assert [order.state for order in (first, *second)] == [State.CONFIRMED] * 2
    assert first.lines == second[0].lines
    assert first.id != second[0].id


def test_two_accounts_may_use_the_same_key(shop):
    key = str(uuid.uuid4())
    orders = [shop.checkout.place(shop.request(account_id=a, idempotency_key=key)) for a in ("one", "two")]
    assert orders[0].id != orders[1].id


def test_a_cancelled_order_gives_money_and_pieces_back_and_everybody_is_told(shop):
    order = shop.checkout.place(shop.request())
    cancelled = shop.checkout.cancel("account", order.id)
    assert (cancelled.state, cancelled.rejection.reason) == (State.CANCELLED, "CANCELLED_BY_BUYER")
    assert shop.services.asked[-3:] == ["withhold", "cancel_payment", "release"]
    assert shop.outbox() == ["market.orders.confirmed", "market.orders.cancelled"]
    assert shop.checkout.cancel("account", order.id).state is State.CANCELLED


def test_a_cancelled_order_is_still_what_the_first_request_gets(shop):
    request = shop.request()
    order = shop.checkout.place(request)
    shop.checkout.cancel("account", order.id)
    assert shop.checkout.place(request).state is State.CANCELLED


def test_an_order_whose_parcel_has_left_cannot_be_cancelled(shop):
    order = shop.checkout.place(shop.request())
    shop.services.errors["withhold"] = [FailedPrecondition("ORDER_SHIPPED", "The carrier has it.")]
    with pytest.raises(OrderShipped):
        shop.checkout.cancel("account", order.id)
    assert shop.store.of_account("account", order.id).state is State.CONFIRMED


def test_a_consigned_parcel_ships_its_order(shop):
    order = shop.checkout.place(shop.request())
    with shop.database.transaction() as connection:
        Store.ship(connection, order.id, "NM123", datetime.now(UTC))
    shipped = shop.store.of_account("account", order.id)
    assert (shipped.state, shipped.tracking_number) == (State.SHIPPED, "NM123")
    assert shipped.journey[-1].step == "shipment.ship"
    with pytest.raises(OrderShipped):
        shop.checkout.cancel("account", order.id)


def test_another_accounts_order_is_not_found(shop):
    order = shop.checkout.place(shop.request())
    with pytest.raises(OrderNotFound):
        shop.store.of_account("other", order.id)


def test_orders_are_paged_newest_first(shop):
    placed = [shop.checkout.place(shop.request()).id for _ in range(3)]
    first, more = shop.store.page("account", 2, None)
    rest, end = shop.store.page("account", 2, (first[-1].create_time, first[-1].id))
    assert [order.id for order in first + rest] == placed[::-1]
    assert (more, end) == (True, False)
