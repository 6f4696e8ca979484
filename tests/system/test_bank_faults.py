"""The stack while its bank is slow, down or flaky, which `make bank` injects."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from tests.support.waiting import wait_until
from tests.system.conftest import Command


@pytest.fixture
def bank(laptop: Command) -> Iterator[Command]:
    """Runs `make bank` with these options: bank("--down=1")."""
    yield partial(laptop, "bank")
    laptop("bank")


def finished(customer, order):
    """Return whether all steps of a confirmed order are done."""
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
def test_the_command_describes_the_active_faults(bank, options, words):
    result = bank(*options)
    assert (result.returncode, result.stdout, result.stderr) == (0, words, "")


def test_the_command_prints_the_bank_s_error(bank):
    result = bank("--flaky=30")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "The bank rejects the request: errorShare is a number from 0 to 1.\n"


def test_an_order_is_charged_once_after_the_bank_was_down(bank, ledger, customer, in_stock):
    bank("--down=1")
    customer.fill_cart(in_stock[0])
    order = customer.buy().json()
    assert order["state"] == "PENDING"
    bank()
    wait_until(partial(finished, customer, order), timeout=60)
    assert len(ledger.captured()[order["id"]]) == 1


def test_a_product_that_is_added_while_an_order_is_pending_stays_in_the_cart(bank, customer, in_stock):
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


def test_an_order_is_confirmed_if_the_bank_is_slow(bank, customer, in_stock):
    bank("--slow=1")
    customer.fill_cart(in_stock[0])
    assert customer.buy().json()["state"] == "CONFIRMED"


def test_every_order_is_confirmed_and_charged_once_if_the_bank_is_flaky(bank, ledger, new_customer, in_stock):
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
