"""Read all stores, one after the other, into a snapshot."""

from __future__ import annotations

import json
import os
from collections import Counter
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import requests

from tools.audit.snapshot import (
    CoPurchases,
    Email,
    Line,
    Movement,
    Order,
    Payment,
    Reservation,
    Shipment,
    Snapshot,
    Stock,
)
from tools.audit.stores import Bank, StoreError, Stores, connect, dead_letters

OUTBOXES = ("orders", "shipping")
_SEED = Path(__file__).resolve().parents[2] / "services" / "recommendations" / "seed" / "orders.json"
# An email's message id is a UUID that is derived from its event, so that an email that is sent again is recognized.
# This repeats the rule of notifications on purpose: the audit must not import the code that it checks.
_EMAIL_NAMESPACE = UUID("6f1f7d4e-7c1b-5b0e-9b58-2f0a4c6d8e11")
_ORDERS = """
SELECT id, account_id, email, idempotency_key, state, lines, shipping_cents, total_cents, payment_token,
       tracking_number, next_step, create_time, confirm_time, coalesce(move_time, create_time) AS move_time
FROM orders LEFT JOIN (
    SELECT order_id AS id, max(time) FILTER (WHERE step = 'order.confirm' AND outcome = 'done') AS confirm_time,
           max(time) FILTER (WHERE outcome <> 'unknown') AS move_time
    FROM journey GROUP BY order_id
) AS journeys USING (id)
"""
_PAYMENTS = "SELECT order_id, state, amount_cents, token, bank_reference FROM payments"
_RESERVATIONS = """
SELECT order_id, state, expire_time,
       coalesce(jsonb_object_agg(product_id, quantity) FILTER (WHERE product_id IS NOT NULL), '{}') AS units
FROM reservations LEFT JOIN reservation_lines USING (order_id) GROUP BY order_id
"""
_MOVEMENTS = "SELECT reference, product_id, kind, quantity FROM movements"
_STOCK = "SELECT product_id, available, held, delivered, sold, returned FROM stock_audit"
_SHIPMENTS = "SELECT order_id, state, account_id, email, pack_until, tracking_number FROM shipments"
_EMAILS = "SELECT event_id, kind, order_id, recipient, state FROM emails"
# The id of a confirmation's event consists of the order's id and the step.
_LEARNED = "SELECT split_part(event_id, ':', 1) FROM inbox WHERE event_id LIKE '%:order.confirm'"


def read(stores: Stores) -> Snapshot:
    """Read all stores. Raises StoreError if one cannot be read."""
    # The order of the readings avoids most transient differences. The other services record the effects of a step
    # before orders records the step as done, so orders is read before them. An email is in the table before it is a
    # file, so the files are read first.
    email_files = _email_files(stores)
    time, orders = _orders(stores)
    reservations, movements, stock = _inventory(stores)
    with requests.Session() as session:
        bank = Bank(session, stores)
        entries, balances = bank.entries(), bank.balances()
    return Snapshot(
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
        emails=_emails(stores),
        email_files=email_files,
        co_purchases=_co_purchases(stores),
        outboxes={service: _outbox(service, stores) for service in OUTBOXES},
        dead_letters=dead_letters(stores.nats_url),
    )


def _email_files(stores: Stores) -> tuple[str, ...] | None:
    if stores.mail_folder is None:
        return None
    found: list[str] = []
    try:
        for part in ("new", "cur"):
            with suppress(FileNotFoundError):  # the first email creates both
                names = os.listdir(stores.mail_folder / part)
                found += [name for name in names if not name.startswith(".")]  # hidden files are not emails
    except OSError as error:
        raise StoreError(f"The mail folder cannot be read: {error}") from error
    return tuple(found)


def _accounts(stores: Stores) -> frozenset[str]:
    with connect(stores, "accounts") as database:
        return frozenset(database.values("SELECT id FROM accounts"))


def _orders(stores: Stores) -> tuple[datetime, dict[str, Order]]:
    def order(lines: list[dict[str, Any]], **columns: Any) -> Order:
        parsed = (Line(line["product_id"], line["quantity"], line["unit_cents"]) for line in lines)
        return Order(lines=tuple(parsed), **columns)

    with connect(stores, "orders") as database:
        (time,) = database.values("SELECT now()")
        return time, {found.id: found for found in database.records(order, _ORDERS)}


def _payments(stores: Stores) -> dict[str, Payment]:
    with connect(stores, "payments") as database:
        return {payment.order_id: payment for payment in database.records(Payment, _PAYMENTS)}


def _inventory(stores: Stores) -> tuple[dict[str, Reservation], tuple[Movement, ...], tuple[Stock, ...]]:
    def reservation(units: dict[str, int], **columns: Any) -> Reservation:
        return Reservation(units=Counter(units), **columns)

    with connect(stores, "inventory") as database:
        reservations = {found.order_id: found for found in database.records(reservation, _RESERVATIONS)}
        movements = database.records(Movement, _MOVEMENTS)
        stock = database.records(Stock, _STOCK)
    return reservations, tuple(movements), tuple(stock)


def _shipments(stores: Stores) -> dict[str, Shipment]:
    with connect(stores, "shipping") as database:
        return {shipment.order_id: shipment for shipment in database.records(Shipment, _SHIPMENTS)}


def _emails(stores: Stores) -> tuple[Email, ...]:
    def email(event_id: str, **columns: Any) -> Email:
        return Email(event_id=event_id, message_id=str(uuid5(_EMAIL_NAMESPACE, event_id)), **columns)

    with connect(stores, "notifications") as database:
        return tuple(database.records(email, _EMAILS))


def _co_purchases(stores: Stores) -> CoPurchases:
    with connect(stores, "recommendations") as database:
        pairs = database.rows("SELECT product_a, product_b, orders FROM pairs")
        return CoPurchases(
            sold=dict(database.rows("SELECT product, orders FROM sold")),
            pairs={(one, other): orders for one, other, orders in pairs},
            learned=frozenset(database.values(_LEARNED)),
            seed=tuple(map(tuple, json.loads(_SEED.read_text(encoding="utf-8")))),
        )


def _outbox(service: str, stores: Stores) -> tuple[str, ...]:
    with connect(stores, service) as database:
        return tuple(database.values("SELECT id FROM outbox"))
