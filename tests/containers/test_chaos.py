"""Buyers buy while containers are killed, frozen and cut off; afterwards the books agree."""

import random
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from tests.containers.engine import CONTAINERS, docker
from tests.system.shelves import Shelves
from tests.system.test_outages import sells

SEED, SECONDS, BUYERS = 1, 45, 4
HOLD = 3  # seconds that a container is frozen or cut off
VICTIMS = [name for name in CONTAINERS if name != "gateway"]
PRODUCTS = [f"lantern-in-the-storm-{number}" for number in range(1, 9)]
PIECES = 10_000  # more than can be bought here, and nothing that other tests want to buy


@pytest.fixture
def full_shelves(stores):
    for product in PRODUCTS:
        Shelves.of(stores).fill(product, PIECES)


def keeps_buying(shopper, closing, seed):
    """Buys until the market closes; repeats a purchase with its key until it has a clear answer. Gives the orders."""
    dice, orders = random.Random(seed), []
    while not closing.is_set():
        key, product = str(uuid.uuid4()), dice.choice(PRODUCTS)
        insists(lambda p=product: shopper.call("PUT", f"/api/v1/cart/items/{p}", json={"quantity": 1}))
        orders.append(insists(lambda k=key: shopper.buy(dice.choice(["tok_visa", "tok_lost_answer"]), k)))
    return [answer for answer in orders if "id" in answer]


@retry(
    retry=retry_if_exception_type(requests.RequestException), stop=stop_after_delay(120), wait=wait_fixed(0.2),
    reraise=True,
)  # fmt: skip
def insists(ask):
    """Asks until the answer is clear; gives it. Fails after two minutes."""
    answer = ask()
    if answer.status_code >= 500 or answer.status_code == 429:
        answer.raise_for_status()
    return answer.json()


def kill(compose, victim):
    docker("kill", compose.container(victim), check=False)
    docker("start", compose.container(victim))


def freeze(compose, victim):
    docker("pause", compose.container(victim))
    time.sleep(HOLD)
    docker("unpause", compose.container(victim))


def cut_off(compose, victim):
    network = f"{compose.project}_{'data' if victim in ('postgres', 'nats', 'bank') else 'mesh'}"
    docker("network", "disconnect", network, compose.container(victim))
    time.sleep(HOLD)
    docker("network", "connect", "--alias", victim, network, compose.container(victim))


def test_nothing_is_lost_while_containers_are_killed_frozen_and_cut_off(
    compose, market, new_shopper, full_shelves, capsys
):
    closing, dice = threading.Event(), random.Random(SEED)
    done = []
    with ThreadPoolExecutor(BUYERS) as pool:
        buyers = [new_shopper() for _ in range(BUYERS)]
        orders = [pool.submit(keeps_buying, buyer, closing, number) for number, buyer in enumerate(buyers)]
        end = time.monotonic() + SECONDS
        try:
            while time.monotonic() < end:
                fault, victim = dice.choice([kill, kill, freeze, cut_off]), dice.choice(VICTIMS)
                fault(compose, victim)
                done.append(f"{fault.__name__} {victim}")
        finally:
            closing.set()
        bought = [order for future in orders for order in future.result()]
    sells(market)
    with capsys.disabled():
        print(f"\n\n{len(done)} faults ({', '.join(done)}), {len(bought)} orders")
    assert bought
    audited = compose.try_("run", "--rm", "audit", "--grace", "120")
    assert audited.returncode == 0, audited.stdout + audited.stderr
