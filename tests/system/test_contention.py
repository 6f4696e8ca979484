"""Many want the same at once: nobody gets what is not there, nobody pays for what they don't get."""

from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice, permutations

import pytest

from tests.support.waiting import wait_until
from tests.system.at_once import at_once, refusal
from tests.system.conftest import Shopper
from tests.system.shelves import Shelves


@pytest.fixture
def shelves(stores):
    return Shelves.of(stores)


def cents(money):
    return int(money["units"]) * 100 + money["nanos"] // 10_000_000


def fill(buyers, baskets):
    """Puts into each buyer's basket what it should hold, in this order."""

    def one(errand):
        buyer, basket = errand
        for product in basket:
            buyer.fill_basket(product)

    at_once(one, zip(buyers, baskets, strict=True))


def test_of_a_hundred_buyers_of_the_last_piece_one_gets_it_and_no_other_pays(crowd, shelves, ledger):
    shelves.fill("last-lantern", 1)
    before = shelves.count("last-lantern")
    fill(crowd, [["last-lantern"]] * len(crowd))
    answers = at_once(Shopper.buy, crowd)
    sold = [answer.json() for answer in answers if answer.status_code == 200]
    refused = [refusal(answer) for answer in answers if answer.status_code == 400]
    assert [order["state"] for order in sold] == ["CONFIRMED"]
    assert len(refused) == len(crowd) - 1
    assert {(reason, metadata.pop("last-lantern")) for reason, metadata in refused} == {("SOLD_OUT", "0")}
    assert ledger.operations(sold[0]["id"]) == ["authorize", "capture"]
    assert {metadata["orderId"]: ledger.operations(metadata["orderId"]) for _, metadata in refused} == {
        metadata["orderId"]: [] for _, metadata in refused
    }
    assert shelves.count("last-lantern") == before | {"available": 0, "held": 0, "sold": before["sold"] + 1}


def test_baskets_in_any_order_are_sold_as_long_as_there_are_pieces_and_then_refused(crowd, shelves, ledger):
    trio = ["fire-kite", "silk-dragon", "paper-lion"]
    for product in trio:
        shelves.fill(product, 40)
    before = {product: shelves.count(product)["sold"] for product in trio}
    buyers = crowd[:60]
    fill(buyers, islice(cycle(permutations(trio)), len(buyers)))
    answers = at_once(Shopper.buy, buyers)
    sold = [answer.json() for answer in answers if answer.status_code == 200]
    refused = [refusal(answer)[0] for answer in answers if answer.status_code == 400]
    assert [order["state"] for order in sold] == ["CONFIRMED"] * 40
    assert refused == ["SOLD_OUT"] * 20
    for product in trio:
        count = shelves.count(product)
        assert (count["available"], count["held"], count["sold"] - before[product]) == (0, 0, 40)
    captured = ledger.captured()
    assert [captured[order["id"]] for order in sold] == [[cents(order["total"])] for order in sold]


def test_while_a_hot_product_is_held_up_others_are_bought(crowd, shelves):
    for product in ("hot-lantern", "cool-lantern"):
        shelves.fill(product, 5)
    hot, cool = crowd[:5], crowd[5:10]
    fill(hot + cool, [["hot-lantern"]] * 5 + [["cool-lantern"]] * 5)
    with ThreadPoolExecutor(5) as waiting:
        with shelves.holding_up("hot-lantern"):
            late = [waiting.submit(buyer.buy) for buyer in hot]
            wait_until(lambda: shelves.waiting() > 0)
            answers = at_once(Shopper.buy, cool)
            assert [answer.json()["state"] for answer in answers] == ["CONFIRMED"] * 5
            assert not any(answer.done() for answer in late)
        assert {answer.result().json()["state"] for answer in late} <= {"CONFIRMED", "PENDING"}
