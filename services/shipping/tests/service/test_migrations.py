"""A database of the version that called shipments consignments: its shipments survive and go on."""

from pathlib import Path

import psycopg
import pytest

from chassis.errors import FailedPrecondition
from chassis.postgres import migrate
from nightmarket.shipping.v1.shipping_pb2 import Shipment
from nightmarket.subjects import ORDER_CONFIRMED
from tests.support.waiting import wait_until

MIGRATIONS = Path(__file__).parents[2] / "migrations"


@pytest.fixture
def client(older_database, run_shipping):
    url = older_database("shipping", "0003_shipments")
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO consignments (order_id, state, account_id, email, tracking_number, consign_time) VALUES"
            " ('packing', 'PACKING', 'ada', 'ada@example.com', NULL, NULL),"
            " ('shipped', 'CONSIGNED', 'ada', 'ada@example.com', 'CM618033992NL', '2026-01-31T10:20:30Z'),"
            " ('cancelled', 'WITHHELD', '', '', NULL, NULL)"
        )
        connection.execute("SELECT nextval('parcel_numbers')")
    assert migrate(url, MIGRATIONS) == 1
    with run_shipping(database_url=url, pack_seconds=0.0) as running:
        yield running


def test_a_shipment_in_packing_is_shipped_with_a_new_number(client):
    wait_until(lambda: client.shipment("packing").state == Shipment.SHIPPED)
    assert client.shipment("packing").tracking_number not in ("", "CM618033992NL")
    wait_until(lambda: client.events("packing"))


def test_a_shipped_shipment_keeps_its_number_and_time(client):
    shipped = client.shipment("shipped")
    assert (shipped.state, shipped.tracking_number) == (Shipment.SHIPPED, "CM618033992NL")
    assert shipped.ship_time.ToJsonString() == "2026-01-31T10:20:30Z"
    with pytest.raises(FailedPrecondition):
        client.cancel("shipped")


def test_a_canceled_shipment_stays_canceled(client):
    client.publish_and_wait(ORDER_CONFIRMED, "cancelled")
    assert client.shipment("cancelled").state == Shipment.CANCELLED
