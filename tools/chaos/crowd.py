"""The shoppers of a run, each with an account that was opened in good times."""

from __future__ import annotations

import random
import secrets
import threading

from laptop.environment import Market
from tools.bench.workload import Client, product_ids
from tools.chaos.buyer import Goods
from tools.chaos.person import Account, Person
from tools.chaos.shopper import Shopper

_SHOPPERS = 10
_PASSWORD = "a long password of the chaos"  # noqa: S105 - of accounts that exist for minutes
_SCARCE, _PLENTIFUL = 10, 100  # pieces: at most, at least


def crowd(market: Market, seed: int, closing: threading.Event) -> list[Shopper]:
    """Shoppers who have signed up and in, and shop until ``closing`` once they are started."""
    port = market.ports.gateway
    goods = product_ids(port)
    with Client(port) as client:
        stock = {one: int(client.call("GET", f"/api/v1/products/{one}/stock")["available"]) for one in goods}
        accounts = [_account(client) for _ in range(_SHOPPERS)]
    plentiful = [one for one in goods if stock[one] >= _PLENTIFUL]
    scarce = [one for one in goods if stock[one] <= _SCARCE]
    return [
        Shopper(Person(account, port, random.Random(f"{seed} {number}")), Goods(plentiful, scarce), closing)
        for number, account in enumerate(accounts)
    ]


def _account(client: Client) -> Account:
    email = f"{secrets.token_hex(8)}@example.com"
    credentials = {"email": email, "password": _PASSWORD}
    made = client.call("POST", "/api/v1/accounts", {**credentials, "name": "Ada"})
    token = client.call("POST", "/api/v1/sessions", credentials)["token"]
    return Account(made["account"]["id"], token)
