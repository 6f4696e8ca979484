"""The tables of orders. Each change of an order and its journey is one statement or one transaction."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, LiteralString, NamedTuple
from uuid import uuid4

from psycopg.types.json import Jsonb

from chassis import context
from chassis.postgres import Connection, Database, Row
from messaging.events import Event
from messaging.outbox import write_to_outbox
from orders.domain.orders import (
    Address,
    JourneyStep,
    Line,
    Order,
    OrderNotFound,
    OrderRequest,
    Rejection,
    State,
)
from orders.domain.saga import FIRST, SERVICE, Outcome, Step

_COLUMNS = (
    "id, account_id, email, request_hash, state, address, lines, shipping_cents, total_cents, payment_token,"
    " tracking_number, rejection, create_time, traceparent, next_step, attempts, lease,"
    " (next_step IS NOT NULL AND next_attempt_time <= now()) AS is_in_progress"
)
STARTED = "started"


class Entry(NamedTuple):
    """An entry of the journey: a step, its outcome, and a line for people."""

    step: Step
    outcome: str
    detail: str = ""


class LeaseLost(Exception):
    """Another worker has the lease of this order."""


class Store:
    """Orders and their journeys in PostgreSQL.

    A lease is valid for `lease_seconds` after the last write of its holder. Methods that take a connection run in the
    caller's transaction.
    """

    def __init__(self, database: Database, lease_seconds: float) -> None:
        self._database = database
        self._lease_seconds = lease_seconds

    def find(self, account_id: str, key: str) -> Order | None:
        """Return the order that the account placed with this Idempotency-Key, or None."""
        return self._one("account_id = %s AND idempotency_key = %s", (account_id, key))

    def order(self, account_id: str, order_id: str) -> Order:
        """Return the account's order with its journey. Raises OrderNotFound."""
        order = self._one("id = %s AND account_id = %s", (order_id.replace("\0", ""), account_id))
        if order is None:
            raise OrderNotFound("You have no such order.")
        return order

    def page(self, account_id: str, size: int, after: Sequence[object] | None) -> tuple[list[Order], bool]:
        """Return up to `size` orders without journeys, newest first, after (create_time, id), and if there are more."""
        condition = "" if after is None else " AND (create_time, id) < (%s::timestamptz, %s)"
        with self._database.connection() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM orders WHERE account_id = %s{condition}"
                " ORDER BY create_time DESC, id DESC LIMIT %s",
                (account_id, *(after or ()), size + 1),
            ).fetchall()
        return [_order(row) for row in rows[:size]], len(rows) > size

    def add(self, request: OrderRequest, lines: tuple[Line, ...], shipping_cents: int) -> Order | None:
        """Add an order that is leased to the caller, with its first step. Return None if the key is in use."""
        order_id, lease = str(uuid4()), str(uuid4())
        row = (
            order_id, request.account_id, request.email, request.idempotency_key, request.hash,
            Jsonb(asdict(request.address)), Jsonb([asdict(line) for line in lines]), shipping_cents,
            sum(line.total_cents for line in lines) + shipping_cents, request.payment_token,
            context.current().headers.get(context.TRACEPARENT, ""), FIRST, lease, self._lease_seconds,
        )  # fmt: skip
        with self._database.transaction() as connection:
            added = connection.execute(
                "INSERT INTO orders (id, account_id, email, idempotency_key, request_hash, state, address, lines,"
                " shipping_cents, total_cents, payment_token, traceparent, next_step, lease, lease_end_time)"
                " VALUES (%s, %s, %s, %s, %s, 'PENDING', %s, %s, %s, %s, %s, %s, %s, %s, now() + %s * interval '1 s')"
                f" ON CONFLICT (account_id, idempotency_key) DO NOTHING RETURNING {_COLUMNS}",
                row,
            ).fetchone()
            if added is None:
                return None
            _write_journey(
                connection,
                order_id,
                [("order.place", "orders", Outcome.DONE, ""), _journey_row(Entry(FIRST, STARTED))],
            )
        return _order(added)

    def lease_due(self) -> Order | None:
        """Lease the order that is due longest and that no worker has leased. Return None if no order is due."""
        with self._database.connection() as connection:
            row = connection.execute(
                "UPDATE orders SET lease = %(lease)s, lease_end_time = now() + %(seconds)s * interval '1 s'"
                " WHERE id = (SELECT id FROM orders"
                "  WHERE next_step IS NOT NULL AND lease_end_time <= now() AND next_attempt_time <= now()"
                "  ORDER BY next_attempt_time LIMIT 1 FOR UPDATE SKIP LOCKED)"
                f" RETURNING {_COLUMNS}",
                {"lease": str(uuid4()), "seconds": self._lease_seconds},
            ).fetchone()
        return _order(row) if row else None

    def record(
        self, order: Order, entry: Entry, following: Step | None, rejection: Rejection | None = None
    ) -> Order:
        """Record how a step ended and, in the same transaction, that the next one starts. Raises LeaseLost."""
        with self._database.transaction() as connection:
            row = self._move(connection, order, following, rejection=rejection)
            self._note(connection, order, entry, following)
        return _order(row)

    def retry_later(self, order: Order, entry: Entry, seconds: float) -> Order:
        """Record that the outcome of a step is unknown, and end the lease. The step is due again after `seconds`."""
        with self._database.transaction() as connection:
            row = self._hold(
                connection, order,
                "attempts = attempts + 1, lease_end_time = now(),"
                " next_attempt_time = now() + %(seconds)s * interval '1 s'",
                {"seconds": seconds},
            )  # fmt: skip
            self._note(connection, order, entry, None)
        return _order(row)

    def change_state(
        self, order: Order, step: Step, state: State, following: Step | None, event: Event | None
    ) -> Order:
        """Confirm or cancel an order: write state, journey and event in one transaction. Raises LeaseLost."""
        with self._database.transaction() as connection:
            row = self._move(connection, order, following, state=state)
            self._note(connection, order, Entry(step, Outcome.DONE), following)
            if event:
                write_to_outbox(connection, event.type, event.data, event.id)
        return _order(row)

    def start_cancellation(self, order: Order, first: Step, rejection: Rejection) -> Order | None:
        """Lease the order to cancel it, starting with the step `first`. Return None if the order has changed.

        The current lease holder loses its lease. A request that it has sent may still arrive at its service, but each
        service remembers the cancellation and rejects the request.
        """
        with self._database.transaction() as connection:
            row = connection.execute(
                "UPDATE orders SET next_step = %(first)s, attempts = 0, rejection = %(rejection)s, lease = %(lease)s,"
                " lease_end_time = now() + %(seconds)s * interval '1 s', next_attempt_time = now()"
                " WHERE id = %(id)s AND state = %(state)s AND next_step IS NOT DISTINCT FROM %(step)s"
                f" RETURNING {_COLUMNS}",
                {
                    "first": first, "rejection": Jsonb(asdict(rejection)), "lease": str(uuid4()), "id": order.id,
                    "seconds": self._lease_seconds, "state": order.state, "step": order.next_step,
                },
            ).fetchone()  # fmt: skip
            if row is None:
                return None
            _write_journey(connection, order.id, [_journey_row(Entry(first, STARTED))])
        return _order(row)

    def count_unfinished(self) -> int:
        """Return the number of orders with a step left to do."""
        return int(self._measure("count(*)"))

    def oldest_unfinished_seconds(self) -> float:
        """Return the seconds for which the oldest of them has made no progress, or 0 if there is none.

        An order makes no progress since it was placed or, if it is confirmed, since its last step.
        """
        return self._measure(
            "coalesce(max(extract(epoch FROM clock_timestamp() - CASE state WHEN 'PENDING' THEN create_time ELSE"
            " (SELECT max(time) FROM journey WHERE order_id = orders.id AND outcome <> 'unknown') END)), 0)"
        )

    def _measure(self, aggregate: LiteralString) -> float:
        with self._database.connection() as connection:
            row = connection.execute(
                f"SELECT {aggregate} AS measured FROM orders WHERE next_step IS NOT NULL"
            ).fetchone()
        assert row is not None
        return float(row["measured"])

    def ship(self, connection: Connection, order_id: str, tracking_number: str, time: datetime) -> None:
        """Record that the carrier has the order's shipment. If the order is not CONFIRMED, nothing changes."""
        moved = connection.execute(
            "UPDATE orders SET state = 'SHIPPED', tracking_number = %s WHERE id = %s AND state = 'CONFIRMED'",
            (tracking_number, order_id),
        ).rowcount
        if moved:
            connection.execute(
                "INSERT INTO journey (order_id, step, service, outcome, detail, time)"
                " VALUES (%s, 'shipment.ship', 'shipping', 'done', %s, %s) ON CONFLICT DO NOTHING",
                (order_id, tracking_number, time),
            )

    def _one(self, condition: str, values: tuple[object, ...]) -> Order | None:
        with self._database.connection() as connection:
            row = connection.execute(
                f"SELECT {_COLUMNS}, (SELECT json_agg(j ORDER BY position) FROM journey j WHERE order_id = orders.id)"
                f" AS journey FROM orders WHERE {condition}",
                values,
            ).fetchone()
        return _order(row) if row else None

    def _move(
        self, connection: Connection, order: Order, following: Step | None,
        *, state: State | None = None, rejection: Rejection | None = None,
    ) -> Row:  # fmt: skip
        return self._hold(
            connection, order,
            "next_step = %(following)s, attempts = 0, state = coalesce(%(state)s, state),"
            " rejection = coalesce(%(rejection)s, rejection),"
            " lease_end_time = now() + CASE WHEN %(following)s::text IS NULL THEN 0 ELSE %(seconds)s END"
            "  * interval '1 s'",
            {
                "following": following, "state": state, "seconds": self._lease_seconds,
                "rejection": Jsonb(asdict(rejection)) if rejection else None,
            },
        )  # fmt: skip

    @staticmethod
    def _hold(connection: Connection, order: Order, changes: str, values: dict[str, Any]) -> Row:
        row = connection.execute(
            f"UPDATE orders SET {changes} WHERE id = %(id)s AND lease = %(lease)s RETURNING {_COLUMNS}",
            {**values, "id": order.id, "lease": order.lease},
        ).fetchone()
        if row is None:
            raise LeaseLost(order.id)
        return row

    @staticmethod
    def _note(connection: Connection, order: Order, entry: Entry, following: Step | None) -> None:
        entries = [entry] + ([Entry(following, STARTED)] if following else [])
        _write_journey(connection, order.id, [_journey_row(entry) for entry in entries])


def _journey_row(entry: Entry) -> tuple[str, str, str, str]:
    return entry.step, SERVICE[entry.step], entry.outcome, entry.detail


def _write_journey(connection: Connection, order_id: str, rows: list[tuple[str, str, str, str]]) -> None:
    placeholders = ", ".join(["(%s, %s, %s, %s, %s)"] * len(rows))
    values = [value for row in rows for value in (order_id, *row)]
    connection.execute(
        f"INSERT INTO journey (order_id, step, service, outcome, detail) VALUES {placeholders}"
        " ON CONFLICT (order_id, step) DO UPDATE"
        " SET outcome = excluded.outcome, detail = excluded.detail, time = clock_timestamp()",
        values,
    )


def _order(row: Row) -> Order:
    journey = tuple(
        JourneyStep(
            step["step"],
            step["service"],
            step["outcome"],
            step["detail"],
            datetime.fromisoformat(step["time"]),
        )
        for step in row.pop("journey", None) or ()
    )
    row["state"] = State(row["state"])
    row["address"] = Address(**row["address"])
    row["lines"] = tuple(Line(**line) for line in row["lines"])
    row["rejection"] = Rejection(**row["rejection"]) if row["rejection"] else None
    return Order(**row, journey=journey)
