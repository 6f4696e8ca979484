"""One run: shoppers and faults at the same time, then peace, then the reckoning."""

from __future__ import annotations

import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import psycopg
from psycopg.rows import dict_row

from bench.client import Client as PlainClient
from bench.shop import product_ids
from chaos.edges import Edge
from chaos.injection import Injector, targets
from chaos.promises import Order, all_broken
from chaos.proxies import Proxies
from chaos.report import Tally, tally
from chaos.schedule import LANES, Fault, schedule
from chaos.shopper import Account, Shopper
from laptop.environment import Market
from laptop.terminal import Progress

SHOPPERS = 10
_PASSWORD = "a long password of the chaos"  # noqa: S105 - of accounts that exist for minutes


@dataclass(frozen=True)
class Plan:
    """What a run does: the same seed and minutes, the same schedule and the same wishes of the shoppers."""

    seed: int
    seconds: float


def run(plan: Plan, market: Market, proxies: Proxies[Edge], progress: Progress) -> Tally:
    """Torment an open market and give what came of it."""
    closing = threading.Event()
    shoppers = _shoppers(plan, market, closing)
    injector = Injector(market, proxies)
    faults = schedule(plan.seed, plan.seconds, targets(market))
    for shopper in shoppers:
        shopper.start()
    try:
        _torment(faults, plan, injector, shoppers, progress)
    finally:
        closing.set()
    for shopper in shoppers:
        shopper.join()
    exchanges = [one for shopper in shoppers for one in shopper.memory.exchanges]
    found = tally(exchanges, injector.journal.forces)
    purchases = [purchase for shopper in shoppers for purchase in shopper.memory.purchases]
    found.findings += injector.troubles
    found.findings += all_broken(purchases, _orders(market))
    return found


def _torment(
    faults: list[Fault], plan: Plan, injector: Injector, shoppers: list[Shopper], progress: Progress
) -> None:
    over, started = threading.Event(), time.monotonic()
    waiting = list(faults)
    with ThreadPoolExecutor(LANES + 2) as pool:
        try:
            inflicted = []
            while (now := time.monotonic() - started) < plan.seconds:
                while waiting and waiting[0].start <= now:
                    inflicted.append(pool.submit(injector.inflict, waiting.pop(0), over))
                in_force = ", ".join(f"{fault.kind} {fault.target}" for fault in injector.journal.now())
                bought = sum(len(shopper.memory.purchases) for shopper in shoppers)
                progress.show(f"{now:3.0f} s of {plan.seconds:.0f}, {bought} purchases  {in_force}")
                time.sleep(0.05)
        finally:
            over.set()
    for outcome in inflicted:
        outcome.result()


def _shoppers(plan: Plan, market: Market, closing: threading.Event) -> list[Shopper]:
    port = market.ports.gateway
    goods = product_ids(port)
    with PlainClient(port) as client:
        stock = {one: int(client.call("GET", f"/api/v1/products/{one}/stock")["available"]) for one in goods}
        accounts = [_account(client) for _ in range(SHOPPERS)]
    scarce = [one for one in goods if stock[one] < 10]
    plentiful = [one for one in goods if stock[one] >= 100]
    return [
        Shopper(port, account, f"{plan.seed} {number}", plentiful, scarce, closing)
        for number, account in enumerate(accounts)
    ]


def _account(client: PlainClient) -> Account:
    email = f"{secrets.token_hex(8)}@example.com"
    credentials = {"email": email, "password": _PASSWORD}
    made = client.call("POST", "/api/v1/accounts", {**credentials, "name": "Ada"})
    token = client.call("POST", "/api/v1/sessions", credentials)["token"]
    return Account(made["account"]["id"], token)


def _orders(market: Market) -> dict[tuple[str, str], Order]:
    with psycopg.connect(market.database_url("postgres", "orders"), row_factory=dict_row) as connection:
        rows = connection.execute(
            "SELECT account_id, idempotency_key, id, state, coalesce(refusal->>'reason', '') AS reason"
            " FROM orders"
        ).fetchall()
    return {
        (row["account_id"], row["idempotency_key"]): Order(row["id"], row["state"], row["reason"])
        for row in rows
    }
