"""Dead letters of a running stack: shown with `make dead-letters`, sent back with `make replay`."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from messaging.nats import DEAD_STREAM, Message, NatsConnection
from tests.support.waiting import wait_until
from tools.dead_letters import connected

CONSUMERS = {"notifications", "recommendations", "shipping"}
TIMEOUT = 60.0  # seconds; a failing handler is retried for 21, and packing takes some time


@pytest.fixture
def nats(stores) -> Iterator[NatsConnection]:
    """A connection to the stack's NATS. All dead letters are deleted afterwards."""
    with connected(stores.nats_url) as connection:
        yield connection
        connection.run(connection.jetstream.purge_stream(DEAD_STREAM))


@pytest.fixture
def malformed_event(nats, laptop):
    """The dead letters of a message that is not an event, by service."""
    nats.publish([Message("market.orders.confirmed", b"not an event", str(uuid4()))])
    return wait_until(lambda: (found := dead_letters(laptop)).keys() == CONSUMERS and found)


class Row(NamedTuple):
    """A row of the table of dead letters."""

    number: str
    service: str
    subject: str
    event: str
    order: str
    time: str
    deliveries: str
    error: str


def dead_letters(laptop, *options):
    """Return the rows of the table by service."""
    result = laptop("dead-letters", *options)
    assert (result.returncode, result.stderr) == (0, "")
    rows = [Row(*re.split(r" {2,}", line, maxsplit=7)) for line in result.stdout.splitlines()[1:]]
    return {row.service: row for row in rows}


@contextmanager
def rejected_shipments_for(email, url):
    """Make shipping's database reject shipments for this email address for the length of a block."""
    with psycopg.connect(url, autocommit=True) as connection:
        rule = sql.SQL("ALTER TABLE shipments ADD CONSTRAINT broken CHECK (email <> {})")
        connection.execute(rule.format(sql.Literal(email)))
        try:
            yield
        finally:
            connection.execute("ALTER TABLE shipments DROP CONSTRAINT broken")


def test_there_are_no_dead_letters_without_a_failure(laptop):
    assert laptop("dead-letters").stdout == "There are no dead letters.\n"
    assert laptop("replay").stdout == "There are no dead letters.\n"


def test_a_failed_shipment_is_shipped_by_a_replay_after_the_cause_is_fixed(
    nats, laptop, stores, customer, in_stock
):
    customer.fill_cart(in_stock[0])
    with rejected_shipments_for(customer.email, stores.databases["shipping"]):
        order = customer.buy().json()
        rows = wait_until(lambda: dead_letters(laptop), timeout=TIMEOUT)
    row = rows["shipping"]
    assert list(rows) == ["shipping"]
    assert (row.subject, row.event, row.order) == (
        "market.orders.confirmed",
        f"{order['id']}:order.confirm",
        order["id"],
    )
    assert (row.deliveries, row.error[:14]) == ("5", "CheckViolation")
    assert customer.email in laptop("dead-letters", "--verbose").stdout
    assert laptop("replay").stdout == "1 event replayed: 1 to shipping\n"
    wait_until(lambda: is_shipped(customer, order), timeout=TIMEOUT)
    assert laptop("dead-letters").stdout == "There are no dead letters.\n"


def is_shipped(customer, order):
    return customer.call("GET", f"/api/v1/orders/{order['id']}").json()["state"] == "SHIPPED"


def test_a_malformed_event_is_dead_lettered_by_each_consumer_and_again_after_its_replay(
    laptop, malformed_event
):
    assert {(row.event, row.order, row.deliveries) for row in malformed_event.values()} == {("-", "-", "1")}
    assert list(dead_letters(laptop, "shipping")) == ["shipping"]
    assert laptop("replay", "--service=shipping").stdout == "1 event replayed: 1 to shipping\n"
    again = wait_until(lambda: (found := dead_letters(laptop)).keys() == CONSUMERS and found)
    assert int(again["shipping"].number) > int(malformed_event["shipping"].number)
    assert again["notifications"] == malformed_event["notifications"]


def test_one_dead_letter_is_replayed_by_its_number(laptop, malformed_event):
    row = malformed_event["notifications"]
    assert laptop("replay", f"--number={row.number}").stdout == "1 event replayed: 1 to notifications\n"
    wait_until(lambda: dead_letters(laptop).get("notifications", row).number != row.number)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (
            ["dead-letters", "cattle"],
            "cattle consumes no events. Services: cart, notifications, orders,",
        ),
        (["replay", "--number=999999"], "There is no dead letter 999999."),
        (["replay", "--number=one"], "N must be a number that `make dead-letters` shows, not 'one'"),
    ],
)
def test_an_invalid_argument_is_reported_in_one_line(laptop, command, words):
    result = laptop(*command)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(words)
    assert result.stderr.count("\n") == 1
