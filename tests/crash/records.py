"""What orders and NATS have recorded about an order. The audit compares the records of all services."""

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
from tests.crash.environment import Environment

_ORDERS = """
SELECT id, state, coalesce(rejection ->> 'reason', '') AS reason, lines, next_step, attempts,
       (SELECT json_object_agg(step, outcome) FROM journey WHERE order_id = id) AS journey
FROM orders WHERE account_id = %s
"""


@dataclass(frozen=True)
class Ending:
    """The final state of an order, and the reason if it is canceled."""

    state: str
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.state} {self.reason}".rstrip()


@dataclass(frozen=True)
class Order:
    """An order in the database of orders; `journey` has the outcome of each step."""

    id: str
    state: str
    reason: str
    lines: Sequence[Mapping[str, Any]]
    next_step: str | None
    attempts: int
    journey: Mapping[str, str]

    @property
    def was_confirmed(self) -> bool:
        """Whether the order was ever confirmed, even if it was canceled later."""
        return self.journey.get("order.confirm") == "done"

    @property
    def ending(self) -> Ending:
        """The current state, as an ending."""
        return Ending(self.state, self.reason)

    @property
    def taken_from_cart(self) -> Counter[str]:
        """The units of each product that the order has taken out of the cart."""
        units = {line["product_id"]: line["quantity"] for line in self.lines}
        return Counter(units if self.was_confirmed else {})

    @property
    def expected_events(self) -> Counter[str]:
        """The types of the events that must be published about the order, each once."""
        types = {
            "SHIPPED": [ORDER_CONFIRMED, ORDER_SHIPPED],
            "CONFIRMED": [ORDER_CONFIRMED],
            "CANCELLED": [ORDER_CONFIRMED, ORDER_CANCELLED],
        }
        return Counter(types.get(self.state, []) if self.was_confirmed else [])

    def contradiction(self, answer: orders_pb2.Order | AppError) -> str:
        """How the answer to the buyer differs from the order; empty if it does not."""
        if isinstance(answer, AppError):
            answered = (answer.metadata.get("orderId", ""), Ending("CANCELLED", answer.reason))
        else:
            answered = (answer.id, Ending(orders_pb2.Order.State.Name(answer.state), answer.cancel_reason))
        if answered == (self.id, self.ending):
            return ""
        return f"the answer to the buyer is {answered[1]}, the order is {self.ending}"


class Records:
    """The databases of orders and accounts, and the event stream, of one environment."""

    def __init__(self, environment: Environment, stack: ExitStack) -> None:
        self._orders, self._accounts = (
            stack.enter_context(psycopg.connect(environment.databases[name], autocommit=True))
            for name in ("orders", "accounts")
        )
        self._nats = NatsConnection(environment.nats_url, "test")
        self._nats.start()
        stack.callback(self._nats.stop)
        assert self._nats.wait_until_ready(30)
        self._events: list[tuple[str, str]] = []  # the type and the order of each event in the stream

    def create_account(self, account: str, email: str) -> None:
        """Insert an account, in place of the accounts service, which does not run here."""
        self._accounts.execute("INSERT INTO accounts VALUES (%s, %s, 'Ada', '')", (account, email))

    def orders(self, account: str) -> list[Order]:
        """The account's orders."""
        with self._orders.cursor(row_factory=class_row(Order)) as cursor:
            return cursor.execute(_ORDERS, (account,)).fetchall()

    def problems(self, account: str, endings: Sequence[Ending]) -> list[str]:
        """Why the account's only order has not reached one of the endings; empty if it has."""
        orders = self.orders(account)
        if len(orders) != 1:
            return [f"one request has placed {len(orders)} orders"]
        (order,) = orders
        found = []
        if order.ending not in endings:
            found.append(f"the order is {order.ending} instead of {' or '.join(map(str, endings))}")
        if order.next_step:
            found.append(f"{order.next_step} is left to do after {order.attempts} attempts")
        if not found and (events := self._events_of(order.id)) != order.expected_events:
            found.append(f"events {dict(events)} instead of {dict(order.expected_events)}")
        return found

    def repeated_events(self) -> list[tuple[str, str]]:
        """The order and the type of each event that was published more than once."""
        return [
            (order_id, type_) for (type_, order_id), times in Counter(self._stream()).items() if times > 1
        ]

    def _events_of(self, order_id: str) -> Counter[str]:
        return Counter(type_ for type_, about in self._stream() if about == order_id)

    def _stream(self) -> Sequence[tuple[str, str]]:
        stream = self._nats.run(self._nats.jetstream.stream_info(STREAM))
        while len(self._events) < stream.state.last_seq:
            message = self._nats.run(self._nats.jetstream.get_msg(STREAM, len(self._events) + 1))
            event = decode(message.data or b"")
            self._events.append((event.type, event.data["orderId"]))
        return self._events
