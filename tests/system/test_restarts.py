"""Every program is restarted, one after the other, while shoppers shop."""

import itertools
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
import requests

from tests.system.conftest import MESH
from tools.chaos.stack import program_names
from topology import SERVICES

SERVERS = ["postgres", "nats"]
RELIEVED = [name for name in program_names(SERVICES, mesh=bool(MESH)) if name not in SERVERS]
SHOPPERS = 6
BUYS, DECLINED = "tok_visa", "tok_declined"
ENOUGH = 5  # answers to each kind of request before a restart begins and after it has ended


@dataclass(frozen=True)
class Answered:
    """What a shopper was told, and between which moments."""

    what: str
    status: int  # 0: nothing
    text: str
    sent: float
    done: float

    @property
    def is_well(self) -> bool:
        return self.status == 200 or "CARD_DECLINED" in self.text


def round_of(customer, product, card):
    item = {"productId": product, "quantity": 1}
    yield "products", lambda: customer.call("GET", f"/api/v1/products?query={product}")
    yield "product", lambda: customer.call("GET", f"/api/v1/products/{product}")
    yield "stock", lambda: customer.call("GET", f"/api/v1/products/{product}/stock")
    yield "learned", lambda: customer.call("GET", f"/api/v1/products/{product}/recommendations")
    yield "page", lambda: customer.call("GET", f"/p/{product}")
    yield "basket", lambda: customer.call("PUT", f"/api/v1/cart/items/{product}", json=item)
    yield "order", lambda: customer.buy(card)
    yield "orders", lambda: customer.call("GET", "/api/v1/orders?pageSize=1")
    yield "keys", lambda: customer.call("GET", "/.well-known/jwks.json")


@dataclass
class Street:
    """Shoppers who do nothing but shop."""

    products: list
    answers: list[Answered] = field(default_factory=list)
    closed: threading.Event = field(default_factory=threading.Event)

    def shop(self, customer, card):
        for product in itertools.cycle(self.products if card == BUYS else self.products[:1]):
            if self.closed.is_set():
                return
            for what, ask in round_of(customer, product, card):
                sent = time.monotonic()
                try:
                    answer = ask()
                    status, text = answer.status_code, answer.text
                except requests.RequestException as error:
                    status, text = 0, repr(error)
                answered = Answered(what, status, text[:500], sent, time.monotonic())
                self.answers.append(answered)
                if not answered.is_well:
                    break  # who has nothing in the basket does not go to the till

    def has_shopped(self, since):
        """Waits until every kind of request has been answered well several times since a moment."""
        kinds = [what for what, _ in round_of(None, "", "")]
        for _ in range(600):
            well = [answer.what for answer in self.answers if answer.is_well and answer.sent > since]
            if all(well.count(kind) >= ENOUGH for kind in kinds):
                return
            time.sleep(0.1)
        raise AssertionError(f"nobody could shop for a minute; the last answers: {self.answers[-20:]}")

    def during(self, begin, end):
        return [answer for answer in self.answers if answer.done >= begin and answer.sent <= end]


@contextmanager
def shopping(shoppers, products) -> Iterator[Street]:
    """Shoppers at work; all but one are turned away by their bank, so that the shelves stay full."""
    street = Street(products)
    cards = [BUYS, *[DECLINED] * (len(shoppers) - 1)]
    with ThreadPoolExecutor(len(shoppers)) as hands:
        jobs = [hands.submit(street.shop, *who) for who in zip(shoppers, cards, strict=True)]
        try:
            yield street
        finally:
            street.closed.set()
    for job in jobs:
        job.result()


@pytest.fixture(scope="module")
def told(new_customer, in_stock, laptop):
    """What shoppers were told around the restart of each program: name -> answers."""
    shoppers = [new_customer() for _ in range(SHOPPERS)]
    moments = {}
    with shopping(shoppers, in_stock) as street:
        for name in RELIEVED + SERVERS:
            begin = time.monotonic()
            street.has_shopped(since=begin)
            restarted = laptop("restart", name)
            assert restarted.returncode == 0, restarted.stderr
            end = time.monotonic()
            street.has_shopped(since=end)
            moments[name] = (begin, time.monotonic())
    return {name: street.during(*span) for name, span in moments.items()}


@pytest.mark.parametrize("name", RELIEVED)
def test_nobody_notices_that_a_program_is_restarted(name, told):
    assert [answer for answer in told[name] if not answer.is_well] == []


@pytest.mark.parametrize("name", SERVERS)
def test_while_a_server_is_restarted_everybody_is_told_to_try_again(name, told):
    """That all can shop again afterwards, `told` has seen; that nothing is lost, the audit after the tests sees."""
    assert [answer for answer in told[name] if not answer.is_well and answer.status != 503] == []
