"""Reads all stores, one after the other."""

from __future__ import annotations

from typing import Any

import requests

from audit.bank import Bank
from audit.books import Books, Line, Order
from audit.stores import Stores
from audit.tables import tables_of

_ORDERS = """
SELECT id, account_id, email, idempotency_key, state, lines, shipping_cents, total_cents, payment_token,
       tracking_number, next_step, create_time, confirm_time, coalesce(move_time, create_time) AS move_time
FROM orders LEFT JOIN (
    SELECT order_id AS id, max(time) FILTER (WHERE step = 'order.confirm' AND outcome = 'done') AS confirm_time,
           max(time) FILTER (WHERE outcome <> 'unknown') AS move_time
    FROM journey GROUP BY order_id
) AS journeys USING (id)
"""


def read(stores: Stores) -> Books:
    """All books. Raises CannotRead."""
    with tables_of("orders", stores) as tables:
        (time,) = tables.values("SELECT now()")
        orders = {order.id: order for order in tables.rows(_order, _ORDERS)}
    with requests.Session() as session:
        bank = Bank(session, stores)
        entries, balances = bank.entries(), bank.balances()
    return Books(time=time, orders=orders, entries=entries, balances=balances)


def _order(lines: list[dict[str, Any]], **columns: Any) -> Order:
    told = (Line(line["product_id"], line["quantity"], line["unit_cents"]) for line in lines)
    return Order(lines=tuple(told), **columns)
