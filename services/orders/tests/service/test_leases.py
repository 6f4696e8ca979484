"""Only the worker that holds an order's lease can change it."""

from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from chassis.errors import Unavailable
from orders.domain.saga import Outcome, Step
from orders.service import BY_BUYER
from orders.store import Entry, LeaseLost
from services.orders.tests.service.conftest import make_due

DOWN = Unavailable("UPSTREAM_UNAVAILABLE", "payments does not answer.")


@pytest.fixture
def order(shop):
    """An order that was just placed, before its first step."""
    services = shop.services
    return shop.store.add(shop.request(), services.priced_cart(), services.shipping_cents("GB", ()))


def test_a_worker_that_lost_its_lease_changes_nothing(shop, order):
    make_due(shop)
    assert shop.store.lease_due()
    with pytest.raises(LeaseLost):
        shop.store.record(order, Entry(Step.RESERVE, Outcome.DONE), Step.AUTHORIZE)


def test_a_worker_whose_order_is_being_canceled_changes_nothing(shop, order):
    assert shop.store.start_cancellation(order, Step.CANCEL_PAYMENT, BY_BUYER)
    with pytest.raises(LeaseLost):
        shop.store.record(order, Entry(Step.RESERVE, Outcome.DONE), Step.AUTHORIZE)


def test_an_order_that_is_confirmed_by_now_is_not_canceled_as_a_pending_one(shop, order):
    shop.executor.run(order)
    assert shop.store.start_cancellation(order, Step.CANCEL_PAYMENT, BY_BUYER) is None


def test_a_leased_order_is_not_leased_again(shop, order):
    assert shop.store.lease_due() is None


def test_an_order_is_not_leased_twice_at_the_same_moment(shop, order):
    make_due(shop)
    with ThreadPoolExecutor(1) as pool, shop.database.transaction() as other:
        other.execute("UPDATE orders SET lease_end_time = now() + interval '20 s'")
        another = pool.submit(shop.store.lease_due)
        wait([another], timeout=0.3)  # long enough to come to the order's row
    assert another.result() is None


@pytest.mark.parametrize("step", ["authorize", "commit", "capture", "clear_cart"])
def test_an_order_stays_leased_at_every_step(shop, order, step):
    another = []
    shop.services.before[step] = lambda: another.append(shop.store.lease_due())
    shop.executor.run(order)
    assert another == [None]


def test_an_order_that_is_retried_later_is_not_leased_until_then(shop, order):
    shop.services.errors["reserve"] = [DOWN]
    shop.executor.run(order)
    assert shop.store.lease_due() is None
    with shop.database.connection() as connection:
        connection.execute("UPDATE orders SET next_attempt_time = now()")
    assert shop.store.lease_due()
