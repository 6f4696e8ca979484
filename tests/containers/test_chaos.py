"""Users buy while containers are killed, paused and disconnected; then the audit is clean."""

import random
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from tests.containers.conftest import assert_audit_is_clean
from tests.containers.project import CONTAINERS, docker
from tests.system.stock import Stock
from tests.system.test_outages import wait_until_ready

SEED, SECONDS, USERS = 1, 45, 4
DURATION = 3  # seconds that a container is paused or disconnected
TARGETS = [name for name in CONTAINERS if name != "gateway"]
PRODUCTS = [f"lantern-in-the-storm-{number}" for number in range(1, 9)]
UNITS = 10_000  # more than this test can buy; other tests do not use these products


@pytest.fixture
def full_stock(stores):
    for product in PRODUCTS:
        Stock.of(stores).fill(product, UNITS)


def buy_until(end, customer, seed):
    """Buy until `end` is set, repeating each request until there is a clear response. Return the orders."""
    rng, orders = random.Random(seed), []
    while not end.is_set():
        key, product = str(uuid.uuid4()), rng.choice(PRODUCTS)
        repeat(lambda p=product: customer.call("PUT", f"/api/v1/cart/items/{p}", json={"quantity": 1}))
        orders.append(repeat(lambda k=key: customer.buy(rng.choice(["tok_visa", "tok_lost_answer"]), k)))
    return [order for order in orders if "id" in order]


@retry(
    retry=retry_if_exception_type(requests.RequestException), stop=stop_after_delay(120), wait=wait_fixed(0.2),
    reraise=True,
)  # fmt: skip
def repeat(request):
    """Repeat a request until the response is clear, for at most two minutes. Return its JSON."""
    response = request()
    if response.status_code >= 500 or response.status_code == 429:
        response.raise_for_status()
    return response.json()


def kill(compose, target):
    docker("kill", compose.container(target), check=False)
    docker("start", compose.container(target))


def pause(compose, target):
    docker("pause", compose.container(target))
    time.sleep(DURATION)
    docker("unpause", compose.container(target))


def disconnect(compose, target):
    network = f"{compose.name}_{'data' if target in ('postgres', 'nats', 'bank') else 'mesh'}"
    docker("network", "disconnect", network, compose.container(target))
    time.sleep(DURATION)
    docker("network", "connect", "--alias", target, network, compose.container(target))


def test_nothing_is_lost_while_containers_are_killed_paused_and_disconnected(
    compose, stack_url, new_customer, full_stock, capsys
):
    end, rng = threading.Event(), random.Random(SEED)
    faults = []
    with ThreadPoolExecutor(USERS) as pool:
        users = [new_customer() for _ in range(USERS)]
        futures = [pool.submit(buy_until, end, user, number) for number, user in enumerate(users)]
        deadline = time.monotonic() + SECONDS
        try:
            while time.monotonic() < deadline:
                fault, target = rng.choice([kill, kill, pause, disconnect]), rng.choice(TARGETS)
                fault(compose, target)
                faults.append(f"{fault.__name__} {target}")
        finally:
            end.set()
        orders = [order for future in futures for order in future.result()]
    wait_until_ready(stack_url)
    with capsys.disabled():
        print(f"\n\n{len(faults)} faults ({', '.join(faults)}), {len(orders)} orders")
    assert orders
    assert_audit_is_clean(compose, grace=120)
