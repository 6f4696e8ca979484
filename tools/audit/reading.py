"""Reads all stores, one after the other."""

from __future__ import annotations

import json
import os
from collections import Counter
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import requests

from notifications.domain.delivery import letter_id
from tools.audit.bank import Bank
from tools.audit.books import (
    Books,
    Lessons,
    Line,
    Mail,
    Movement,
    Order,
    Payment,
    Reservation,
    Shipment,
    Stock,
)
from tools.audit.broker import dead_letters
from tools.audit.errors import CannotRead
from tools.audit.stores import Stores
from tools.audit.tables import tables_of

OUTBOXES = ("orders", "shipping")
_SEED = Path(__file__).resolve().parents[2] / "services" / "recommendations" / "seed" / "baskets.json"
_ORDERS = """
SELECT id, account_id, email, idempotency_key, state, lines, shipping_cents, total_cents, payment_token,
       tracking_number, next_step, create_time, confirm_time, coalesce(move_time, create_time) AS move_time
FROM orders LEFT JOIN (
    SELECT order_id AS id, max(time) FILTER (WHERE step = 'order.confirm' AND outcome = 'done') AS confirm_time,
           max(time) FILTER (WHERE outcome <> 'unknown') AS move_time
    FROM journey GROUP BY order_id
) AS journeys USING (id)
"""
_RESERVATIONS = """
SELECT order_id, state, expire_time,
       coalesce(jsonb_object_agg(product_id, quantity) FILTER (WHERE product_id IS NOT NULL), '{}') AS pieces
FROM reservations LEFT JOIN reservation_lines USING (order_id) GROUP BY order_id
"""
_STOCK = "SELECT product_id, available, held, delivered, sold, returned FROM stock_audit"
_SHIPMENTS = "SELECT order_id, state, account_id, email, pack_until, tracking_number FROM shipments"
# The event of a confirmation is named after the order and the step.
_LEARNED = "SELECT split_part(event_id, ':', 1) FROM inbox WHERE event_id LIKE '%:order.confirm'"


def read(stores: Stores) -> Books:
    """All books. Raises CannotRead."""
    # In an order in which little is on its way between two readings: what an order has done when it is read, others
    # know when they are; and a mail is in the table before it is a file.
    letters = _letters(stores)
    time, orders = _orders(stores)
    reservations, movements, stock = _goods(stores)
    with requests.Session() as session:
        bank = Bank(session, stores)
        entries, balances = bank.entries(), bank.balances()
    return Books(
        time=time,
        accounts=_accounts(stores),
        orders=orders,
        payments=_payments(stores),
        entries=entries,
        balances=balances,
        reservations=reservations,
        movements=movements,
        stock=stock,
        shipments=_shipments(stores),
        mails=_mails(stores),
        letters=letters,
        lessons=_lessons(stores),
        outboxes={service: _outbox(service, stores) for service in OUTBOXES},
        dead_letters=dead_letters(stores.nats_url),
    )


def _letters(stores: Stores) -> tuple[str, ...] | None:
    if stores.mail_folder is None:
        return None
    found: list[str] = []
    try:
        for part in ("new", "cur"):
            with suppress(FileNotFoundError):  # the first mail makes them
                names = os.listdir(stores.mail_folder / part)
                found += [name for name in names if not name.startswith(".")]  # those are no mails
    except OSError as error:
        raise CannotRead(f"The mail folder cannot be read: {error}") from error
    return tuple(found)


def _accounts(stores: Stores) -> frozenset[str]:
    with tables_of("accounts", stores) as tables:
        return frozenset(tables.values("SELECT id FROM accounts"))


def _orders(stores: Stores) -> tuple[datetime, dict[str, Order]]:
    def order(lines: list[dict[str, Any]], **columns: Any) -> Order:
        told = (Line(line["product_id"], line["quantity"], line["unit_cents"]) for line in lines)
        return Order(lines=tuple(told), **columns)

    with tables_of("orders", stores) as tables:
        (time,) = tables.values("SELECT now()")
        return time, {found.id: found for found in tables.rows(order, _ORDERS)}


def _payments(stores: Stores) -> dict[str, Payment]:
    with tables_of("payments", stores) as tables:
        rows = tables.rows(
            Payment, "SELECT order_id, state, amount_cents, token, bank_reference FROM payments"
        )
    return {payment.order_id: payment for payment in rows}


def _goods(stores: Stores) -> tuple[dict[str, Reservation], tuple[Movement, ...], tuple[Stock, ...]]:
    def reservation(pieces: dict[str, int], **columns: Any) -> Reservation:
        return Reservation(pieces=Counter(pieces), **columns)

    with tables_of("inventory", stores) as tables:
        kept = {found.order_id: found for found in tables.rows(reservation, _RESERVATIONS)}
        moved = tables.rows(Movement, "SELECT reference, product_id, kind, quantity FROM movements")
        stock = tables.rows(Stock, _STOCK)
    return kept, tuple(moved), tuple(stock)


def _shipments(stores: Stores) -> dict[str, Shipment]:
    with tables_of("shipping", stores) as tables:
        rows = tables.rows(Shipment, _SHIPMENTS)
    return {shipment.order_id: shipment for shipment in rows}


def _mails(stores: Stores) -> tuple[Mail, ...]:
    def mail(event_id: str, **columns: Any) -> Mail:
        return Mail(event_id=event_id, letter_id=letter_id(event_id), **columns)

    with tables_of("notifications", stores) as tables:
        return tuple(tables.rows(mail, "SELECT event_id, kind, order_id, recipient, state FROM emails"))


def _lessons(stores: Stores) -> Lessons:
    with tables_of("recommendations", stores) as tables:
        pairs = tables.lines("SELECT product_a, product_b, orders FROM pairs")
        return Lessons(
            sold=dict(tables.lines("SELECT product, orders FROM sold")),
            pairs={(one, other): orders for one, other, orders in pairs},
            learned=frozenset(tables.values(_LEARNED)),
            seed=tuple(map(tuple, json.loads(_SEED.read_text(encoding="utf-8")))),
        )


def _outbox(service: str, stores: Stores) -> tuple[str, ...]:
    with tables_of(service, stores) as tables:
        return tuple(tables.values("SELECT id FROM outbox"))
