from prometheus_client import REGISTRY

from chassis.errors import FailedPrecondition, Unavailable
from orders.__main__ import build_service
from tests.support.services import started
from tests.support.waiting import wait_until

DOWN = Unavailable("UPSTREAM_UNAVAILABLE", "payments does not answer.")
HOUR = 3600.0


def an_hour_passes(shop):
    with shop.database.connection() as connection:
        connection.execute("UPDATE orders SET create_time = create_time - interval '1 hour'")
        connection.execute("UPDATE journey SET time = time - interval '1 hour'")


def measured(shop):
    """How many orders are unfinished, and about how many hours the oldest has not got on."""
    return shop.store.count_unfinished(), round(shop.store.oldest_unfinished_seconds() / HOUR)


def test_orders_that_are_finished_are_not_measured(shop):
    shop.checkout.place(shop.request())
    shop.services.errors["authorize"] = [FailedPrecondition("CARD_DECLINED", "The bank says no.")]
    try_to(lambda: shop.checkout.place(shop.request()))
    an_hour_passes(shop)
    assert measured(shop) == (0, 0)


def try_to(call):
    try:
        call()
    except FailedPrecondition:
        return


def test_orders_that_wait_are_counted_and_the_oldest_is_known(shop):
    shop.services.errors["authorize"] = [DOWN, DOWN]
    shop.checkout.place(shop.request())
    an_hour_passes(shop)
    shop.checkout.place(shop.request())
    assert measured(shop) == (2, 1)


def test_an_order_that_was_confirmed_long_ago_waits_since_its_last_step(shop):
    order = shop.checkout.place(shop.request())
    an_hour_passes(shop)
    shop.services.errors["cancel_payment"] = [DOWN]
    shop.checkout.cancel("account", order.id)
    assert measured(shop) == (1, 0)
    an_hour_passes(shop)
    assert measured(shop) == (1, 1)


def test_the_metrics_tell_it_each_time_somebody_looks(shop, config):
    with started(build_service, config):
        wait_until(lambda: REGISTRY.get_sample_value("market_orders_unfinished") == 0)
        shop.services.errors["authorize"] = [DOWN]
        shop.checkout.place(shop.request())
        an_hour_passes(shop)
        assert REGISTRY.get_sample_value("market_orders_unfinished") == 1
        assert (REGISTRY.get_sample_value("market_orders_unfinished_oldest_seconds") or 0) >= HOUR
