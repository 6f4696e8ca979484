"""What each service of a world has written down about one order, and whether it agrees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row

from chassis.bus import STREAM, Bus
from chassis.errors import MarketError
from chassis.events import decode
from nightmarket.orders.v1 import orders_pb2
from tests.crash.world import World

CONFIRMED, CANCELLED, CONSIGNED = (
    "market.orders.confirmed",
    "market.orders.cancelled",
    "market.shipping.consigned",
)
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Ending:
    """How an order is to end: its state, and the reason where it is cancelled."""

    state: str
    reason: str = ""


class Books:
    """The databases and the broker of one world."""

    def __init__(self, world: World, stack: ExitStack) -> None:
        self._connections = {
            name: stack.enter_context(psycopg.connect(url, autocommit=True, row_factory=dict_row))
            for name, url in world.databases.items()
        }
        self._bus = Bus(world.nats_url, "test")
        self._bus.start()
        stack.callback(self._bus.stop)
        assert self._bus.wait_until_ready(10)
        self._told: list[tuple[str, str]] = []  # each event's type and order, in the order of the stream

    def orders(self, account: str) -> Rows:
        """The account's orders."""
        return self._rows(
            "orders",
            "SELECT *, EXISTS (SELECT FROM journey WHERE order_id = orders.id AND step = 'order.confirm'"
            " AND outcome = 'done') AS was_confirmed FROM orders WHERE account_id = %s",
            account,
        )

    def problems(self, account: str, ending: Ending) -> list[str]:
        """Why the account's one order is not at rest, or the books do not agree about it; empty where all is well."""
        orders = self.orders(account)
        if len(orders) != 1:
            return [f"{len(orders)} orders were made of one request"]
        (order,) = orders
        found = [
            *self._not_ended(order, ending),
            *self._money(order),
            *self._pieces(order),
            *self._parcel(order),
            *self._events(order),
        ]
        return [problem for problem in found if problem]

    def _not_ended(self, order: dict[str, Any], ending: Ending) -> Iterator[str]:
        reason = (order["refusal"] or {}).get("reason", "")
        if order["next_step"]:
            yield f"the step {order['next_step']} is left ({order['attempts']} attempts)"
        if Ending(order["state"], reason) != ending:
            yield f"it is {order['state']} {reason} instead of {ending.state} {ending.reason}".replace(
                "  ", " "
            )

    def _money(self, order: dict[str, Any]) -> Iterator[str]:
        moved = [
            (row["operation"], row["amount_cents"])
            for row in self._rows(
                "bank",
                "SELECT operation, amount_cents FROM ledger WHERE reference = %s ORDER BY position",
                order["id"],
            )
        ]
        operations = [operation for operation, _ in moved]
        allowed = [["authorize", "capture"]]
        if order["state"] == "CANCELLED":
            allowed = (
                [["authorize", "capture", "refund"]]
                if order["was_confirmed"]
                else [[], ["authorize", "void"]]
            )
        if operations not in allowed or {cents for _, cents in moved} - {order["total_cents"]}:
            yield f"of {order['total_cents']} cents the bank has moved {moved}"
        expected = {"capture": "CAPTURED", "void": "VOIDED", "refund": "REFUNDED"}.get(
            " ".join(operations[-1:])
        )
        states = [
            row["state"]
            for row in self._rows("payments", "SELECT state FROM payments WHERE order_id = %s", order["id"])
        ]
        if expected and states != [expected]:
            yield f"the payment is {states} instead of {expected}"

    def _pieces(self, order: dict[str, Any]) -> Iterator[str]:
        lines = sorted((line["product_id"], line["quantity"]) for line in order["lines"])
        moved: dict[str, list[tuple[str, int]]] = {"SOLD": [], "RETURNED": []}
        for row in self._rows(
            "inventory",
            "SELECT kind, product_id, quantity FROM movements WHERE reference = %s ORDER BY product_id",
            order["id"],
        ):
            moved[row["kind"]].append((row["product_id"], row["quantity"]))
        if order["state"] != "CANCELLED":
            allowed = [[lines, []]]
        else:
            allowed = [[lines, lines]] if order["was_confirmed"] else [[[], []], [lines, lines]]
        if [moved["SOLD"], moved["RETURNED"]] not in allowed:
            yield f"of {lines} inventory has {moved}"
        if held := self._rows(
            "inventory", "SELECT FROM reservations WHERE order_id = %s AND state = 'HELD'", order["id"]
        ):
            yield f"{len(held)} reservations are still held"
        yield from (
            f"the stock does not balance: {row}"
            for row in self._rows(
                "inventory", "SELECT * FROM stock_audit WHERE available + held <> delivered - sold + returned"
            )
        )

    def _parcel(self, order: dict[str, Any]) -> Iterator[str]:
        states = [
            row["state"]
            for row in self._rows(
                "shipping", "SELECT state FROM consignments WHERE order_id = %s", order["id"]
            )
        ]
        expected = {"SHIPPED": ["CONSIGNED"], "CANCELLED": ["WITHHELD"] if order["was_confirmed"] else []}
        if states != expected.get(order["state"], ["PACKING"]):
            yield f"the order is {order['state']}, its parcel {states}"

    def _events(self, order: dict[str, Any]) -> Iterator[str]:
        told = Counter(kind for kind, order_id in self._told_so_far() if order_id == order["id"])
        expected = Counter([CONFIRMED] if order["was_confirmed"] else [])
        expected += Counter(
            {"SHIPPED": [CONSIGNED], "CANCELLED": [CANCELLED] if order["was_confirmed"] else []}.get(
                order["state"], []
            )
        )
        if told != expected:
            yield f"told: {dict(told)} instead of {dict(expected)}"
        for service in ("orders", "shipping"):
            if waiting := self._rows(service, "SELECT subject FROM outbox"):
                yield f"{len(waiting)} events wait in the outbox of {service}"

    def _told_so_far(self) -> list[tuple[str, str]]:
        stream = self._bus.run(self._bus.jetstream.stream_info(STREAM))
        while len(self._told) < stream.state.last_seq:
            message = self._bus.run(self._bus.jetstream.get_msg(STREAM, len(self._told) + 1))
            event = decode(message.data or b"")
            self._told.append((event.type, event.data["orderId"]))
        return self._told

    def _rows(self, service: str, query: str, *values: object) -> Rows:
        return self._connections[service].execute(query, values).fetchall()


def contradiction(answer: orders_pb2.Order | MarketError, order: dict[str, Any]) -> str:
    """Where what the buyer is told is not what the order is; empty where it is."""
    if isinstance(answer, MarketError):
        told = (answer.reason, answer.metadata.get("orderId"))
        is_so = order["state"] == "CANCELLED" and told == (order["refusal"]["reason"], order["id"])
    else:
        told = (answer.id, orders_pb2.Order.State.Name(answer.state))
        is_so = told == (order["id"], order["state"])
    return "" if is_so else f"the buyer is told {told}, but the order {order['id']} is {order['state']}"
