"""What orders and the broker have written down about one order; what everybody has, the audit compares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import class_row

from chassis.errors import AppError
from messaging.events import decode
from messaging.nats import STREAM, NatsConnection
from nightmarket.orders.v1 import orders_pb2
from nightmarket.subjects import ORDER_CANCELLED, ORDER_CONFIRMED, ORDER_SHIPPED
from tests.crash.world import World

_ORDERS = """
SELECT id, state, coalesce(rejection ->> 'reason', '') AS reason, lines, next_step, attempts,
       (SELECT json_object_agg(step, outcome) FROM journey WHERE order_id = id) AS journey
FROM orders WHERE account_id = %s
"""


@dataclass(frozen=True)
class Ending:
    """How an order ends: its state, and the reason where it is cancelled."""

    state: str
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.state} {self.reason}".rstrip()


@dataclass(frozen=True)
class Order:
    """An order as orders has it; the journey is the outcome of each step."""

    id: str
    state: str
    reason: str
    lines: Sequence[Mapping[str, Any]]
    next_step: str | None
    attempts: int
    journey: Mapping[str, str]

    @property
    def was_confirmed(self) -> bool:
        """Whether it ever was, whatever became of it."""
        return self.journey.get("order.confirm") == "done"

    @property
    def ending(self) -> Ending:
        """How it has ended, if it has."""
        return Ending(self.state, self.reason)

    @property
    def bought(self) -> Counter[str]:
        """The pieces of each product that were taken out of the basket."""
        pieces = {line["product_id"]: line["quantity"] for line in self.lines}
        return Counter(pieces if self.was_confirmed else {})

    @property
    def events(self) -> Counter[str]:
        """What everybody must be told of it, once each."""
        told = {
            "SHIPPED": [ORDER_CONFIRMED, ORDER_SHIPPED],
            "CONFIRMED": [ORDER_CONFIRMED],
            "CANCELLED": [ORDER_CONFIRMED, ORDER_CANCELLED],
        }
        return Counter(told.get(self.state, []) if self.was_confirmed else [])

    def contradicts(self, answer: orders_pb2.Order | AppError) -> str:
        """Where the buyer is told something else than the order is; empty where not."""
        if isinstance(answer, AppError):
            told = (answer.metadata.get("orderId", ""), Ending("CANCELLED", answer.reason))
        else:
            told = (answer.id, Ending(orders_pb2.Order.State.Name(answer.state), answer.cancel_reason))
        is_so = told == (self.id, self.ending)
        return "" if is_so else f"the buyer is told {told[1]}, the order is {self.ending}"


class Books:
    """The databases of orders and accounts, and the broker, of one world."""

    def __init__(self, world: World, stack: ExitStack) -> None:
        self._orders, self._accounts = (
            stack.enter_context(psycopg.connect(world.databases[name], autocommit=True))
            for name in ("orders", "accounts")
        )
        self._bus = NatsConnection(world.nats_url, "test")
        self._bus.start()
        stack.callback(self._bus.stop)
        assert self._bus.wait_until_ready(30)
        self._told: list[tuple[str, str]] = []  # type and order of each event of the stream

    def sign_up(self, account: str, email: str) -> None:
        """Gives somebody an account, as the service of accounts would, which is not needed otherwise."""
        self._accounts.execute("INSERT INTO accounts VALUES (%s, %s, 'Ada', '')", (account, email))

    def orders(self, account: str) -> list[Order]:
        """The account's orders."""
        with self._orders.cursor(row_factory=class_row(Order)) as cursor:
            return cursor.execute(_ORDERS, (account,)).fetchall()

    def problems(self, account: str, endings: Sequence[Ending]) -> list[str]:
        """Why the account's order is not at rest as it must be; empty where it is."""
        orders = self.orders(account)
        if len(orders) != 1:
            return [f"one request has made {len(orders)} orders"]
        (order,) = orders
        found = []
        if order.ending not in endings:
            found.append(f"the order is {order.ending} instead of {' or '.join(map(str, endings))}")
        if order.next_step:
            found.append(f"{order.next_step} is left to do after {order.attempts} attempts")
        if not found and (told := self._events(order.id)) != order.events:
            found.append(f"everybody was told {dict(told)} instead of {dict(order.events)}")
        return found

    def told_twice(self) -> list[tuple[str, str]]:
        """The orders, each with an event that everybody was told of it more than once."""
        return [(order_id, kind) for (kind, order_id), times in Counter(self._stream()).items() if times > 1]

    def _events(self, order_id: str) -> Counter[str]:
        return Counter(kind for kind, told_of in self._stream() if told_of == order_id)

    def _stream(self) -> Sequence[tuple[str, str]]:
        stream = self._bus.run(self._bus.jetstream.stream_info(STREAM))
        while len(self._told) < stream.state.last_seq:
            message = self._bus.run(self._bus.jetstream.get_msg(STREAM, len(self._told) + 1))
            event = decode(message.data or b"")
            self._told.append((event.type, event.data["orderId"]))
        return self._told
