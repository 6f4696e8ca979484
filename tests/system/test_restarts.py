"""Every process is restarted, one after the other, while customers shop."""

import itertools
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
import requests

from tests.support.waiting import wait_until
from tests.system.conftest import MESH
from tools.chaos.stack import program_names
from topology import SERVICES

SERVERS = ["postgres", "nats"]
WITH_STANDBY = [name for name in program_names(SERVICES, mesh=bool(MESH)) if name not in SERVERS]
CUSTOMERS = 6
PAYS, DECLINED = "tok_visa", "tok_declined"
ENOUGH = 5  # successful responses to each kind of request before a restart begins and after it has ended


@dataclass(frozen=True)
class Response:
    """The response to a request of a customer. `status` is 0 if there was none; times are monotonic."""

    request: str
    status: int
    text: str
    sent: float
    received: float

    @property
    def is_success(self) -> bool:
        return self.status == 200 or "CARD_DECLINED" in self.text


def requests_for(customer, product, card):
    """Yield the requests of one purchase as (kind, call)."""
    item = {"productId": product, "quantity": 1}
    yield "products", lambda: customer.call("GET", f"/api/v1/products?query={product}")
    yield "product", lambda: customer.call("GET", f"/api/v1/products/{product}")
    yield "stock", lambda: customer.call("GET", f"/api/v1/products/{product}/stock")
    yield "recommendations", lambda: customer.call("GET", f"/api/v1/products/{product}/recommendations")
    yield "page", lambda: customer.call("GET", f"/p/{product}")
    yield "cart", lambda: customer.call("PUT", f"/api/v1/cart/items/{product}", json=item)
    yield "order", lambda: customer.buy(card)
    yield "orders", lambda: customer.call("GET", "/api/v1/orders?pageSize=1")
    yield "keys", lambda: customer.call("GET", "/.well-known/jwks.json")


@dataclass
class Load:
    """Customers who shop until `stopped` is set."""

    products: list
    responses: list[Response] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def shop(self, customer, card):
        for product in itertools.cycle(self.products if card == PAYS else self.products[:1]):
            if self.stopped.is_set():
                return
            for kind, call in requests_for(customer, product, card):
                sent = time.monotonic()
                try:
                    answer = call()
                    status, text = answer.status_code, answer.text
                except requests.RequestException as error:
                    status, text = 0, repr(error)
                response = Response(kind, status, text[:500], sent, time.monotonic())
                self.responses.append(response)
                if not response.is_success:
                    break  # start over, because the next requests depend on this one

    def wait_for_successes(self, since):
        """Wait until each kind of request has succeeded several times since a moment."""
        kinds = [kind for kind, _ in requests_for(None, "", "")]

        def all_succeed():
            succeeded = [one.request for one in self.responses if one.is_success and one.sent > since]
            return all(succeeded.count(kind) >= ENOUGH for kind in kinds)

        wait_until(all_succeed, timeout=60, what="all requests succeed again")

    def during(self, start, end):
        return [one for one in self.responses if one.received >= start and one.sent <= end]


@contextmanager
def shopping(customers, products) -> Iterator[Load]:
    """Let customers shop for the length of a block. One pays; the cards of the others are declined, to save stock."""
    load = Load(products)
    cards = [PAYS, *[DECLINED] * (len(customers) - 1)]
    with ThreadPoolExecutor(len(customers)) as pool:
        jobs = [pool.submit(load.shop, *arguments) for arguments in zip(customers, cards, strict=True)]
        try:
            yield load
        finally:
            load.stopped.set()
    for job in jobs:
        job.result()


@pytest.fixture(scope="module")
def responses(new_customer, in_stock, laptop):
    """The responses that customers received around the restart of each process, by its name."""
    customers = [new_customer() for _ in range(CUSTOMERS)]
    spans = {}
    with shopping(customers, in_stock) as load:
        for name in WITH_STANDBY + SERVERS:
            start = time.monotonic()
            load.wait_for_successes(since=start)
            restarted = laptop("restart", name)
            assert restarted.returncode == 0, restarted.stderr
            end = time.monotonic()
            load.wait_for_successes(since=end)
            spans[name] = (start, time.monotonic())
    return {name: load.during(*span) for name, span in spans.items()}


@pytest.mark.parametrize("name", WITH_STANDBY)
def test_no_request_fails_while_a_process_with_a_standby_restarts(name, responses):
    assert [one for one in responses[name] if not one.is_success] == []


@pytest.mark.parametrize("name", SERVERS)
def test_requests_fail_with_503_only_while_a_server_restarts(name, responses):
    """`responses` waits until all requests succeed again, and the audit after the tests finds any loss."""
    assert [one for one in responses[name] if not one.is_success and one.status != 503] == []
