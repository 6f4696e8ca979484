"""The whole market while its bank is slow, down or flaky, which people see with `make bank`."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from tests.support.waiting import wait_until
from tests.system.conftest import Command


@pytest.fixture
def bank(laptop: Command) -> Iterator[Command]:
    """Carries out `make bank` with these options: bank("--down=1")."""
    yield partial(laptop, "bank")
    laptop("bank")


def finished(customer, order):
    """Whether nothing is left to do for an order that is confirmed."""
    steps = customer.call("GET", f"/api/v1/orders/{order['id']}").json()["journey"]
    return {step["step"]: step["outcome"] for step in steps}.get("cart.clear") == "done"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--down=1"], "The bank is down (it answers every call with 503). To clear the faults: make bank\n"),
        (["--slow=2"], "The bank is slow (it answers 2 s late). To clear the faults: make bank\n"),
        (
            ["--slow=0.5", "--flaky=0.3"],
            "The bank is slow (it answers 0.5 s late) and flaky (30 % of its calls fail)."
            " To clear the faults: make bank\n",
        ),
        ([], "The bank has no faults.\n"),
    ],
)
def test_the_command_says_what_is_in_force(bank, options, words):
    told = bank(*options)
    assert (told.returncode, told.stdout, told.stderr) == (0, words, "")


def test_what_the_bank_does_not_take_is_told_in_its_words(bank):
    told = bank("--flaky=30")
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr == "The bank rejects the request: errorShare is a number from 0 to 1.\n"


def test_an_order_waits_for_a_bank_that_is_down_and_is_charged_once(bank, ledger, customer, in_stock):
    bank("--down=1")
    customer.fill_cart(in_stock[0])
    order = customer.buy().json()
    assert order["state"] == "PENDING"
    bank()
    wait_until(partial(finished, customer, order), timeout=60)
    assert len(ledger.captured()[order["id"]]) == 1


def test_what_is_put_in_again_while_an_order_waits_stays_in_the_basket(bank, customer, in_stock):
    bank("--down=1")
    customer.fill_cart(in_stock[2])
    order = customer.buy().json()
    assert order["state"] == "PENDING"
    customer.call("DELETE", f"/api/v1/cart/items/{in_stock[2]}")
    customer.fill_cart(in_stock[2])
    bank()
    wait_until(partial(finished, customer, order), timeout=60)
    assert [item["productId"] for item in customer.call("GET", "/api/v1/cart").json()["items"]] == [
        in_stock[2]
    ]


def test_an_order_at_a_slow_bank_is_confirmed_late(bank, customer, in_stock):
    bank("--slow=1")
    customer.fill_cart(in_stock[0])
    assert customer.buy().json()["state"] == "CONFIRMED"


def test_every_order_at_a_flaky_bank_is_confirmed_and_charged_once(bank, ledger, new_customer, in_stock):
    bank("--flaky=0.4")
    buyers = [new_customer() for _ in range(8)]

    def buy(buyer):
        buyer.fill_cart(in_stock[1])
        return buyer.buy().json()

    with ThreadPoolExecutor(8) as pool:
        orders = list(pool.map(buy, buyers))
    assert {order["state"] for order in orders} <= {"CONFIRMED", "PENDING"}
    bank()
    for buyer, order in zip(buyers, orders, strict=True):
        wait_until(partial(finished, buyer, order), timeout=60)
    captured = ledger.captured()
    assert [len(captured[order["id"]]) for order in orders] == [1] * 8
