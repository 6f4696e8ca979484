"""Events that a service of the whole market could not handle, seen and sent back as people do it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from messaging.dead_letters import connected
from messaging.nats import DEAD_STREAM, Message, NatsConnection
from tests.support.waiting import wait_until

LISTENERS = {"notifications", "recommendations", "shipping"}
SOON = 60.0  # seconds; a handler that fails is tried again for 21, and packing takes some time


@pytest.fixture
def broker(stores) -> Iterator[NatsConnection]:
    """The market's broker; the market is left without a dead letter."""
    with connected(stores.nats_url) as bus:
        yield bus
        bus.run(bus.jetstream.purge_stream(DEAD_STREAM))


@pytest.fixture
def no_event(broker, laptop):
    """The dead letters that a message makes which is no event, by the service."""
    broker.publish([Message("market.orders.confirmed", b"no event", str(uuid4()))])
    return wait_until(lambda: (found := dead_letters(laptop)).keys() == LISTENERS and found)


class Row(NamedTuple):
    """What the table says of a dead letter."""

    number: str
    service: str
    subject: str
    event: str
    order: str
    time: str
    deliveries: str
    error: str


def dead_letters(laptop, *options):
    """The table's rows, by the service."""
    told = laptop("dead-letters", *options)
    assert (told.returncode, told.stderr) == (0, "")
    rows = [Row(*re.split(r" {2,}", line, maxsplit=7)) for line in told.stdout.splitlines()[1:]]
    return {row.service: row for row in rows}


@contextmanager
def refusing_parcels_for(email, url):
    """A block in which shipping's table takes no parcel for this address."""
    with psycopg.connect(url, autocommit=True) as connection:
        rule = sql.SQL("ALTER TABLE shipments ADD CONSTRAINT broken CHECK (email <> {})")
        connection.execute(rule.format(sql.Literal(email)))
        try:
            yield
        finally:
            connection.execute("ALTER TABLE shipments DROP CONSTRAINT broken")


def test_a_market_that_is_well_has_no_dead_letters(laptop):
    assert laptop("dead-letters").stdout == "No event is set aside.\n"
    assert laptop("replay").stdout == "No event is set aside.\n"


def test_a_parcel_that_could_not_be_packed_leaves_once_the_cause_is_mended(
    broker, laptop, stores, customer, in_stock
):
    customer.fill_cart(in_stock[0])
    with refusing_parcels_for(customer.email, stores.databases["shipping"]):
        order = customer.buy().json()
        rows = wait_until(lambda: dead_letters(laptop), timeout=SOON)
    row = rows["shipping"]
    assert list(rows) == ["shipping"]
    assert (row.subject, row.event, row.order) == (
        "market.orders.confirmed",
        f"{order['id']}:order.confirm",
        order["id"],
    )
    assert (row.deliveries, row.error[:14]) == ("5", "CheckViolation")
    assert customer.email in laptop("dead-letters", "--verbose").stdout
    assert laptop("replay").stdout == "1 event sent back: 1 to shipping\n"
    wait_until(lambda: is_shipped(customer, order), timeout=SOON)
    assert laptop("dead-letters").stdout == "No event is set aside.\n"


def is_shipped(customer, order):
    return customer.call("GET", f"/api/v1/orders/{order['id']}").json()["state"] == "SHIPPED"


def test_what_is_no_event_is_set_aside_by_all_who_listen_and_by_one_again(laptop, no_event):
    assert {(row.event, row.order, row.deliveries) for row in no_event.values()} == {("-", "-", "1")}
    assert list(dead_letters(laptop, "shipping")) == ["shipping"]
    assert laptop("replay", "--service=shipping").stdout == "1 event sent back: 1 to shipping\n"
    again = wait_until(lambda: (found := dead_letters(laptop)).keys() == LISTENERS and found)
    assert int(again["shipping"].number) > int(no_event["shipping"].number)
    assert again["notifications"] == no_event["notifications"]


def test_one_of_them_is_sent_back_by_its_number(laptop, no_event):
    row = no_event["notifications"]
    assert laptop("replay", f"--number={row.number}").stdout == "1 event sent back: 1 to notifications\n"
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
def test_what_makes_no_sense_is_one_clear_line(laptop, command, words):
    told = laptop(*command)
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr.startswith(words)
    assert told.stderr.count("\n") == 1
