from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from uuid import uuid4

import psycopg
import pytest

from chassis.errors import Conflict, FailedPrecondition
from nightmarket.inventory.v1.inventory_pb2 import Reservation
from tests.support.waiting import wait_until

BUYERS = 100


def run_concurrently(work, arguments):
    """Call `work` with each argument in its own thread; return the results, or an error's reason."""

    def result_or_reason(argument):
        try:
            return work(argument)
        except FailedPrecondition as error:
            return error.reason

    with ThreadPoolExecutor(len(arguments)) as threads:
        return list(threads.map(result_or_reason, arguments))


def new_orders(count):
    return [str(uuid4()) for _ in range(count)]


@pytest.fixture
def products(inventory):
    """Three new products with large stocks."""
    names = [f"{name}-{uuid4()}" for name in ("anise", "bowl", "cup")]
    inventory.deliver(**dict.fromkeys(names, 10_000))
    return names


def is_balanced(balance):
    in_stock = balance["available"] + balance["held"]
    return in_stock == balance["delivered"] - balance["sold"] + balance["returned"]


def test_exactly_one_of_a_hundred_buyers_gets_the_last_unit(inventory):
    last = f"last-{uuid4()}"
    inventory.deliver(**{last: 1})
    results = run_concurrently(lambda order_id: inventory.reserve(order_id, **{last: 1}), new_orders(BUYERS))
    assert results.count("SOLD_OUT") == BUYERS - 1
    assert inventory.balance(last)["held"] == 1
    assert inventory.available(last) == 0


def test_fifty_concurrent_calls_of_one_order_reserve_once(inventory, products, order_id):
    results = run_concurrently(lambda _: inventory.reserve(order_id, **{products[0]: 2}), range(50))
    assert all(reservation == results[0] for reservation in results)
    assert inventory.balance(products[0])["held"] == 2


def test_concurrent_calls_of_one_order_with_different_lines_reserve_one_of_them(
    inventory, products, order_id
):
    run_concurrently(lambda product: try_to_reserve(inventory, order_id, product), products * 5)
    assert sum(inventory.balance(product)["held"] for product in products) == 1


def try_to_reserve(inventory, order_id, product):
    try:
        return inventory.reserve(order_id, **{product: 1})
    except Conflict as error:
        assert error.reason == "RESERVATION_DIFFERS"
        return None


def test_orders_with_the_same_products_never_deadlock(inventory, products):
    orders = [(order_id, lines) for lines in permutations(products) for order_id in new_orders(10)]

    def buy_and_return(order):
        order_id, lines = order
        inventory.reserve(order_id, **dict.fromkeys(lines, 1))
        inventory.commit(order_id)
        return inventory.release(order_id)

    results = run_concurrently(buy_and_return, orders)
    assert {reservation.state for reservation in results} == {Reservation.RELEASED}
    assert all(inventory.available(product) == 10_000 for product in products)
    assert all(inventory.balance(product)["sold"] == len(orders) for product in products)


def test_a_concurrent_commit_release_and_expiry_end_in_one_state(inventory, products):
    orders = new_orders(30)
    for order_id in orders:
        inventory.reserve(order_id, **{products[0]: 1})
    for_each = [inventory.make_overdue, inventory.commit, inventory.release]
    run_concurrently(
        lambda task: task[0](task[1]), [(work, order_id) for order_id in orders for work in for_each]
    )
    wait_until(lambda: inventory.balance(products[0])["held"] == 0)
    balance = inventory.balance(products[0])
    assert balance["sold"] == balance["returned"]
    assert balance["available"] == 10_000


def test_the_stock_balances_at_any_time_while_orders_are_processed(inventory, products):
    def buy(order_id):
        inventory.reserve(order_id, **{products[1]: 3})
        inventory.commit(order_id)

    with ThreadPoolExecutor(8) as threads:
        purchases = [threads.submit(buy, order_id) for order_id in new_orders(60)]
        balances = [inventory.balance(products[1])]
        while not all(purchase.done() for purchase in purchases):
            balances.append(inventory.balance(products[1]))
    assert all(is_balanced(balance) for balance in balances)
    assert inventory.balance(products[1])["sold"] == 180


def test_a_locked_product_does_not_block_others(inventory, products):
    popular, other, another = products
    with ThreadPoolExecutor(5) as threads, psycopg.connect(inventory.database_url) as blocker:
        blocker.execute("SELECT FROM stock WHERE product_id = %s FOR UPDATE", (popular,))
        waiting = [threads.submit(inventory.reserve, order, **{popular: 1}) for order in new_orders(5)]
        wait_until(lambda: count_waiting(inventory.database_url) == 5)
        for order_id in new_orders(10):
            inventory.reserve(order_id, **{other: 1, another: 1})
            inventory.commit(order_id)
            assert inventory.release(order_id).state == Reservation.RELEASED
        assert count_waiting(inventory.database_url) == 5
        blocker.rollback()
        assert [reserved.result().state for reserved in waiting] == [Reservation.HELD] * 5


def test_an_order_that_waited_for_a_lock_sees_that_the_product_is_sold_out(inventory, products, order_id):
    with ThreadPoolExecutor(1) as threads, psycopg.connect(inventory.database_url) as blocker:
        blocker.execute("UPDATE stock SET available = 2 WHERE product_id = %s", (products[0],))
        waiting = threads.submit(inventory.reserve, order_id, **{products[0]: 3})
        wait_until(lambda: count_waiting(inventory.database_url))
        blocker.commit()
        with pytest.raises(FailedPrecondition) as error:
            waiting.result()
    assert error.value.metadata == {products[0]: "2"}


def test_two_orders_that_waited_for_the_same_product_both_get_it(inventory, products):
    with ThreadPoolExecutor(2) as threads, psycopg.connect(inventory.database_url) as blocker:
        blocker.execute("UPDATE stock SET available = 500 WHERE product_id = %s", (products[0],))
        waiting = [threads.submit(inventory.reserve, order, **{products[0]: 1}) for order in new_orders(2)]
        wait_until(lambda: count_waiting(inventory.database_url) == 2)
        blocker.commit()
        assert [reserved.result().state for reserved in waiting] == [Reservation.HELD] * 2
    assert inventory.available(products[0]) == 498


def count_waiting(database_url):
    """Return how many connections wait for a lock."""
    with psycopg.connect(database_url) as connection:
        return connection.execute(
            "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ).rowcount
