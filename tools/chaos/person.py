"""Who shops: an account, a connection, a will of their own, and what they remember."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from tools.chaos.client import PAGE, Client, Exchange
from tools.chaos.judging import Judgement, Verdict, judged
from tools.chaos.promises import BOUGHT, Purchase


@dataclass
class Memory:
    """What a shopper has seen: every exchange with its judgement, every purchase."""

    exchanges: list[tuple[Exchange, Judgement]] = field(default_factory=list)
    purchases: list[Purchase] = field(default_factory=list)
    unsettled: list[str] = field(default_factory=list)  # keys of purchases that never got a clear answer

    def bought(self) -> int:
        """How many purchases were confirmed."""
        return sum(any(told.state in BOUGHT for told in purchase.told) for purchase in self.purchases)


@dataclass(frozen=True)
class Account:
    """An account, and the token of its session."""

    id: str
    token: str


@dataclass
class Person:
    """A shopper. ``chance`` decides what they want, so that a seed repeats it."""

    account: Account
    port: int
    chance: random.Random
    memory: Memory = field(default_factory=Memory)

    def __post_init__(self) -> None:
        self.client = Client(self.port)
        self._shop_cookie = ""

    def ask(
        self, method: str, path: str, timeout: float, body: object = None,
        *, key: str = "", refusals: Collection[str] = (), client: Client | None = None,
    ) -> tuple[Exchange, Verdict]:  # fmt: skip
        """Ask the API, and remember what came of it; ``refusals`` are reasons that would be right."""
        headers = {"Authorization": f"Bearer {self.account.token}"}
        if key:
            headers["Idempotency-Key"] = key
        exchange = (client or self.client).send(method, path, timeout, body=body, headers=headers)
        return exchange, self._remembered(exchange, judged(exchange, refusals))

    def open(
        self, path: str, timeout: float, form: Mapping[str, str] | None = None
    ) -> tuple[Exchange, Verdict]:
        """Open a page of the shop, or send a form to it."""
        cookies = f"session={self.account.token}" + (f"; {self._shop_cookie}" if self._shop_cookie else "")
        method = "GET" if form is None else "POST"
        exchange = self.client.send(
            method, path, timeout, form=form, headers={"Cookie": cookies}, wanted=PAGE
        )
        if exchange.cookie:
            self._shop_cookie = exchange.cookie
        return exchange, self._remembered(exchange, judged(exchange))

    def _remembered(self, exchange: Exchange, judgement: Judgement) -> Verdict:
        self.memory.exchanges.append((exchange, judgement))
        return judgement.verdict
