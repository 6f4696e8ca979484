from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from uuid import uuid4

import psycopg
import pytest

from chassis.errors import Conflict, Refused
from chassis.testing import eventually
from nightmarket.inventory.v1.inventory_pb2 import Reservation

BUYERS = 100


def at_once(work, arguments):
    """What each of the threads, one for each argument, has got; "refused" for those that were."""

    def tried(argument):
        try:
            return work(argument)
        except Refused as refused:
            return refused.reason

    with ThreadPoolExecutor(len(arguments)) as threads:
        return list(threads.map(tried, arguments))


def new_orders(count):
    return [str(uuid4()) for _ in range(count)]


@pytest.fixture
def products(inventory):
    """Three new products with plenty of each."""
    names = [f"{name}-{uuid4()}" for name in ("anise", "bowl", "cup")]
    inventory.delivers(**dict.fromkeys(names, 10_000))
    return names


def in_balance(audit):
    kept = audit["available"] + audit["held"]
    return kept == audit["delivered"] - audit["sold"] + audit["returned"]


def test_of_a_hundred_buyers_of_one_piece_exactly_one_gets_it(inventory):
    last = f"last-{uuid4()}"
    inventory.delivers(**{last: 1})
    got = at_once(lambda order_id: inventory.reserves(order_id, **{last: 1}), new_orders(BUYERS))
    assert got.count("SOLD_OUT") == BUYERS - 1
    assert inventory.audit(last)["held"] == 1
    assert inventory.available(last) == 0


def test_an_order_that_reserves_fifty_times_at_once_is_kept_its_pieces_once(inventory, products, order_id):
    got = at_once(lambda _: inventory.reserves(order_id, **{products[0]: 2}), range(50))
    assert all(reservation == got[0] for reservation in got)
    assert inventory.audit(products[0])["held"] == 2


def test_an_order_that_reserves_two_things_at_once_is_kept_one_of_them(inventory, products, order_id):
    at_once(lambda product: _tried(inventory, order_id, product), products * 5)
    assert sum(inventory.audit(product)["held"] for product in products) == 1


def _tried(inventory, order_id, product):
    try:
        return inventory.reserves(order_id, **{product: 1})
    except Conflict as error:
        assert error.reason == "RESERVATION_DIFFERS"
        return None


def test_baskets_in_any_order_never_wait_for_each_other_in_a_circle(inventory, products):
    baskets = [(order_id, basket) for basket in permutations(products) for order_id in new_orders(10)]

    def buy_and_return(wanted):
        order_id, basket = wanted
        inventory.reserves(order_id, **dict.fromkeys(basket, 1))
        inventory.commits(order_id)
        return inventory.releases(order_id)

    got = at_once(buy_and_return, baskets)
    assert {reservation.state for reservation in got} == {Reservation.RELEASED}
    assert all(inventory.available(product) == 10_000 for product in products)
    assert all(inventory.audit(product)["sold"] == len(baskets) for product in products)


def test_a_reservation_that_is_bought_cancelled_and_overdue_at_once_ends_in_one_way(inventory, products):
    orders = new_orders(30)
    for order_id in orders:
        inventory.reserves(order_id, **{products[0]: 1})
    for_each = [inventory.lets_the_time_pass_of, inventory.commits, inventory.releases]
    at_once(lambda task: task[0](task[1]), [(work, order_id) for order_id in orders for work in for_each])
    eventually(lambda: inventory.audit(products[0])["held"] == 0)
    audit = inventory.audit(products[0])
    assert audit["sold"] == audit["returned"]
    assert audit["available"] == 10_000


def test_the_books_balance_at_every_instant_while_people_buy(inventory, products):
    def buy(order_id):
        inventory.reserves(order_id, **{products[1]: 3})
        inventory.commits(order_id)

    with ThreadPoolExecutor(8) as threads:
        purchases = [threads.submit(buy, order_id) for order_id in new_orders(60)]
        seen = [inventory.audit(products[1])]
        while not all(purchase.done() for purchase in purchases):
            seen.append(inventory.audit(products[1]))
    assert all(in_balance(audit) for audit in seen)
    assert inventory.audit(products[1])["sold"] == 180


def test_a_product_that_somebody_holds_up_holds_up_no_other(inventory, products):
    hot, other, another = products
    with ThreadPoolExecutor(5) as threads, psycopg.connect(inventory.database_url) as somebody:
        somebody.execute("SELECT FROM stock WHERE product_id = %s FOR UPDATE", (hot,))
        waiting = [threads.submit(inventory.reserves, order, **{hot: 1}) for order in new_orders(5)]
        eventually(lambda: _somebody_waits(inventory.database_url) == 5)
        for order_id in new_orders(10):
            inventory.reserves(order_id, **{other: 1, another: 1})
            inventory.commits(order_id)
            assert inventory.releases(order_id).state == Reservation.RELEASED
        assert _somebody_waits(inventory.database_url) == 5
        somebody.rollback()
        assert [reserved.result().state for reserved in waiting] == [Reservation.HELD] * 5


def test_who_waited_for_the_last_pieces_is_told_that_they_are_gone(inventory, products, order_id):
    with ThreadPoolExecutor(1) as threads, psycopg.connect(inventory.database_url) as somebody:
        somebody.execute("UPDATE stock SET available = 2 WHERE product_id = %s", (products[0],))
        waiting = threads.submit(inventory.reserves, order_id, **{products[0]: 3})
        eventually(lambda: _somebody_waits(inventory.database_url))
        somebody.commit()
        with pytest.raises(Refused) as refused:
            waiting.result()
    assert refused.value.metadata == {products[0]: "2"}


def test_two_who_waited_for_the_same_product_both_get_it(inventory, products):
    with ThreadPoolExecutor(2) as threads, psycopg.connect(inventory.database_url) as somebody:
        somebody.execute("UPDATE stock SET available = 500 WHERE product_id = %s", (products[0],))
        waiting = [threads.submit(inventory.reserves, order, **{products[0]: 1}) for order in new_orders(2)]
        eventually(lambda: _somebody_waits(inventory.database_url) == 2)
        somebody.commit()
        assert [reserved.result().state for reserved in waiting] == [Reservation.HELD] * 2
    assert inventory.available(products[0]) == 498


def _somebody_waits(database_url):
    """How many do."""
    with psycopg.connect(database_url) as connection:
        return connection.execute(
            "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ).rowcount
