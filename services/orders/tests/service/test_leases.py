"""Who may work on an order: one driver at a time, and none that was overtaken."""

from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from chassis.errors import Unavailable
from orders.checkout import BY_BUYER
from orders.domain.saga import Outcome, Step
from orders.store import LeaseLost
from services.orders.tests.service.conftest import make_due

DOWN = Unavailable("UPSTREAM_UNAVAILABLE", "payments does not answer.")


@pytest.fixture
def order(shop):
    """An order that was placed just now, by a driver that has not tried anything yet."""
    services = shop.services
    return shop.store.place(shop.request(), services.priced_basket(), services.shipping_cents("GB", ()))


def test_a_driver_that_lost_its_lease_changes_nothing(shop, order):
    make_due(shop)
    assert shop.store.lease()
    with pytest.raises(LeaseLost):
        shop.store.record(order, (Step.RESERVE, Outcome.DONE, ""), Step.AUTHORIZE)


def test_a_driver_whose_order_is_being_cancelled_changes_nothing(shop, order):
    assert shop.store.begin_cancel(order, Step.CANCEL_PAYMENT, BY_BUYER)
    with pytest.raises(LeaseLost):
        shop.store.record(order, (Step.RESERVE, Outcome.DONE, ""), Step.AUTHORIZE)


def test_an_order_that_was_confirmed_meanwhile_is_not_cancelled_as_if_it_were_not(shop, order):
    shop.driver.drive(order)
    assert shop.store.begin_cancel(order, Step.CANCEL_PAYMENT, BY_BUYER) is None


def test_an_order_that_is_driven_is_not_leased_to_another(shop, order):
    assert shop.store.lease() is None


def test_an_order_that_somebody_leases_at_the_same_moment_is_not_leased_to_another(shop, order):
    make_due(shop)
    with ThreadPoolExecutor(1) as pool, shop.database.transaction() as somebody:
        somebody.execute("UPDATE orders SET lease_end_time = now() + interval '20 s'")
        another = pool.submit(shop.store.lease)
        wait([another], timeout=0.3)  # long enough to come to the order's row
    assert another.result() is None


@pytest.mark.parametrize("step", ["authorize", "commit", "capture", "clear_basket"])
def test_an_order_stays_leased_to_its_driver_at_every_step(shop, order, step):
    another = []
    shop.services.before[step] = lambda: another.append(shop.store.lease())
    shop.driver.drive(order)
    assert another == [None]


def test_an_order_that_is_tried_again_later_is_nobodys_until_then(shop, order):
    shop.services.errors["reserve"] = [DOWN]
    shop.driver.drive(order)
    assert shop.store.lease() is None
    with shop.database.connection() as connection:
        connection.execute("UPDATE orders SET next_attempt_time = now()")
    assert shop.store.lease()
