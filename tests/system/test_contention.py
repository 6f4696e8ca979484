"""Many customers want the same product: no unit is sold twice, and a customer without a unit pays nothing."""

from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice, permutations

import pytest

from tests.support.waiting import wait_until
from tests.system.concurrency import rejection, run_concurrently
from tests.system.conftest import Customer
from tests.system.stock import Stock


@pytest.fixture
def stock(stores):
    return Stock.of(stores)


def cents(money):
    return int(money["units"]) * 100 + money["nanos"] // 10_000_000


def fill_carts(buyers, carts):
    """Add these products to each buyer's cart, in this order."""

    def fill_one(arguments):
        buyer, cart = arguments
        for product in cart:
            buyer.fill_cart(product)

    run_concurrently(fill_one, zip(buyers, carts, strict=True))


def test_one_of_a_hundred_customers_gets_the_last_unit_and_the_others_pay_nothing(customers, stock, ledger):
    stock.fill("last-lantern", 1)
    before = stock.count("last-lantern")
    fill_carts(customers, [["last-lantern"]] * len(customers))
    answers = run_concurrently(Customer.buy, customers)
    sold = [answer.json() for answer in answers if answer.status_code == 200]
    rejected = [rejection(answer) for answer in answers if answer.status_code == 400]
    assert [order["state"] for order in sold] == ["CONFIRMED"]
    assert len(rejected) == len(customers) - 1
    assert {(reason, metadata.pop("last-lantern")) for reason, metadata in rejected} == {("SOLD_OUT", "0")}
    assert ledger.operations(sold[0]["id"]) == ["authorize", "capture"]
    assert {metadata["orderId"]: ledger.operations(metadata["orderId"]) for _, metadata in rejected} == {
        metadata["orderId"]: [] for _, metadata in rejected
    }
    assert stock.count("last-lantern") == before | {"available": 0, "held": 0, "sold": before["sold"] + 1}


def test_carts_in_any_order_are_sold_while_units_are_left_and_then_rejected(customers, stock, ledger):
    trio = ["fire-kite", "silk-dragon", "paper-lion"]
    for product in trio:
        stock.fill(product, 40)
    before = {product: stock.count(product)["sold"] for product in trio}
    buyers = customers[:60]
    fill_carts(buyers, islice(cycle(permutations(trio)), len(buyers)))
    answers = run_concurrently(Customer.buy, buyers)
    sold = [answer.json() for answer in answers if answer.status_code == 200]
    rejected = [rejection(answer)[0] for answer in answers if answer.status_code == 400]
    assert [order["state"] for order in sold] == ["CONFIRMED"] * 40
    assert rejected == ["SOLD_OUT"] * 20
    for product in trio:
        count = stock.count(product)
        assert (count["available"], count["held"], count["sold"] - before[product]) == (0, 0, 40)
    captured = ledger.captured()
    assert [captured[order["id"]] for order in sold] == [[cents(order["total"])] for order in sold]


def test_other_products_are_sold_while_reservations_of_one_wait(customers, stock):
    for product in ("hot-lantern", "cool-lantern"):
        stock.fill(product, 5)
    hot, cool = customers[:5], customers[5:10]
    fill_carts(hot + cool, [["hot-lantern"]] * 5 + [["cool-lantern"]] * 5)
    with ThreadPoolExecutor(5) as pool:
        with stock.locked("hot-lantern"):
            late = [pool.submit(buyer.buy) for buyer in hot]
            wait_until(lambda: stock.waiting_reservations() > 0)
            answers = run_concurrently(Customer.buy, cool)
            assert [answer.json()["state"] for answer in answers] == ["CONFIRMED"] * 5
            assert not any(answer.done() for answer in late)
        assert {answer.result().json()["state"] for answer in late} <= {"CONFIRMED", "PENDING"}
