"""Many want the same at once: nobody gets what is not there, nobody pays for what they don't get."""

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


def fill(buyers, baskets):
    """Puts into each buyer's basket what it should hold, in this order."""

    def one(errand):
        buyer, basket = errand
        for product in basket:
            buyer.fill_cart(product)

    run_concurrently(one, zip(buyers, baskets, strict=True))


def test_of_a_hundred_buyers_of_the_last_piece_one_gets_it_and_no_other_pays(customers, stock, ledger):
    stock.fill("last-lantern", 1)
    before = stock.count("last-lantern")
    fill(customers, [["last-lantern"]] * len(customers))
    answers = run_concurrently(Customer.buy, customers)
    sold = [answer.json() for answer in answers if answer.status_code == 200]
    refused = [rejection(answer) for answer in answers if answer.status_code == 400]
    assert [order["state"] for order in sold] == ["CONFIRMED"]
    assert len(refused) == len(customers) - 1
    assert {(reason, metadata.pop("last-lantern")) for reason, metadata in refused} == {("SOLD_OUT", "0")}
    assert ledger.operations(sold[0]["id"]) == ["authorize", "capture"]
    assert {metadata["orderId"]: ledger.operations(metadata["orderId"]) for _, metadata in refused} == {
        metadata["orderId"]: [] for _, metadata in refused
    }
    assert stock.count("last-lantern") == before | {"available": 0, "held": 0, "sold": before["sold"] + 1}


def test_baskets_in_any_order_are_sold_as_long_as_there_are_pieces_and_then_refused(customers, stock, ledger):
    trio = ["fire-kite", "silk-dragon", "paper-lion"]
    for product in trio:
        stock.fill(product, 40)
    before = {product: stock.count(product)["sold"] for product in trio}
    buyers = customers[:60]
    fill(buyers, islice(cycle(permutations(trio)), len(buyers)))
    answers = run_concurrently(Customer.buy, buyers)
    sold = [answer.json() for answer in answers if answer.status_code == 200]
    refused = [rejection(answer)[0] for answer in answers if answer.status_code == 400]
    assert [order["state"] for order in sold] == ["CONFIRMED"] * 40
    assert refused == ["SOLD_OUT"] * 20
    for product in trio:
        count = stock.count(product)
        assert (count["available"], count["held"], count["sold"] - before[product]) == (0, 0, 40)
    captured = ledger.captured()
    assert [captured[order["id"]] for order in sold] == [[cents(order["total"])] for order in sold]


def test_while_a_hot_product_is_held_up_others_are_bought(customers, stock):
    for product in ("hot-lantern", "cool-lantern"):
        stock.fill(product, 5)
    hot, cool = customers[:5], customers[5:10]
    fill(hot + cool, [["hot-lantern"]] * 5 + [["cool-lantern"]] * 5)
    with ThreadPoolExecutor(5) as waiting:
        with stock.holding_up("hot-lantern"):
            late = [waiting.submit(buyer.buy) for buyer in hot]
            wait_until(lambda: stock.waiting() > 0)
            answers = run_concurrently(Customer.buy, cool)
            assert [answer.json()["state"] for answer in answers] == ["CONFIRMED"] * 5
            assert not any(answer.done() for answer in late)
        assert {answer.result().json()["state"] for answer in late} <= {"CONFIRMED", "PENDING"}
