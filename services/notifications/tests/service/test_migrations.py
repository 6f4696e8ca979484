"""A database of the version that called emails mails: those that wait are sent, the others stay known."""

from pathlib import Path

import psycopg
import pytest

from chassis.postgres import Database, migrate
from notifications.store import Store

MIGRATIONS = Path(__file__).parents[2] / "migrations"


@pytest.fixture
def database(older_database):
    url = older_database("notifications", "0002_emails")
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO mails (event_id, kind, order_id, recipient, state, message) VALUES"
            " ('1', 'confirmed', 'order-1', 'ada@example.com', 'sent', NULL),"
            " ('2', 'consigned', 'order-1', 'ada@example.com', 'waiting', 'Subject: Hi'),"
            " ('3', 'cancelled', 'order-2', 'eve@example.com', 'refused', NULL),"
            " ('4', 'confirmed', 'order-3', '', 'skipped', NULL)"
        )
    assert migrate(url, MIGRATIONS) == 1
    opened = Database(url, max_connections=4)
    opened.open()
    yield opened
    opened.close()


def test_a_waiting_email_is_sent(database):
    store = Store(database)
    pending = store.take()
    assert pending is not None
    assert (pending.kind, pending.email.recipient, pending.email.message) == (
        "shipped",
        "ada@example.com",
        b"Subject: Hi",
    )
    store.finish(pending, "sent")
    assert store.take() is None


def test_every_email_keeps_its_state(database):
    with database.connection() as connection:
        rows = connection.execute("SELECT event_id, kind, state FROM emails ORDER BY event_id").fetchall()
    assert [tuple(row.values()) for row in rows] == [
        ("1", "confirmed", "sent"),
        ("2", "shipped", "waiting"),
        ("3", "cancelled", "rejected"),
        ("4", "confirmed", "skipped"),
    ]
