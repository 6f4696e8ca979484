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


def measure(shop):
    """Return the number of unfinished orders, and the hours for which the oldest has made no progress."""
    return shop.store.count_unfinished(), round(shop.store.oldest_unfinished_seconds() / HOUR)


def test_finished_orders_are_not_counted(shop):
    shop.orders.place(shop.request())
    shop.services.errors["authorize"] = [FailedPrecondition("CARD_DECLINED", "The bank says no.")]
    try_to(lambda: shop.orders.place(shop.request()))
    an_hour_passes(shop)
    assert measure(shop) == (0, 0)


def try_to(call):
    try:
        call()
    except FailedPrecondition:
        return


def test_unfinished_orders_are_counted_with_the_age_of_the_oldest(shop):
    shop.services.errors["authorize"] = [DOWN, DOWN]
    shop.orders.place(shop.request())
    an_hour_passes(shop)
    shop.orders.place(shop.request())
    assert measure(shop) == (2, 1)


def test_the_age_of_a_confirmed_order_starts_with_its_last_step(shop):
    order = shop.orders.place(shop.request())
    an_hour_passes(shop)
    shop.services.errors["cancel_payment"] = [DOWN]
    shop.orders.cancel("account", order.id)
    assert measure(shop) == (1, 0)
    an_hour_passes(shop)
    assert measure(shop) == (1, 1)


def test_the_metrics_are_measured_at_scrape_time(shop, config):
    with started(build_service, config):
        wait_until(lambda: REGISTRY.get_sample_value("market_orders_unfinished") == 0)
        shop.services.errors["authorize"] = [DOWN]
        shop.orders.place(shop.request())
        an_hour_passes(shop)
        assert REGISTRY.get_sample_value("market_orders_unfinished") == 1
        assert (REGISTRY.get_sample_value("market_orders_unfinished_oldest_seconds") or 0) >= HOUR
