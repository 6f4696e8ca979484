from dataclasses import replace

import pytest

from tools.audit.snapshot import Shipment
from tools.audit.tests.unit.example import NOW, changed, example_snapshot, violations, with_order, without


def with_shipment(order_id, state):
    snapshot = example_snapshot()
    shipment = Shipment(order_id, state, "ada", "ada@example.com", NOW, None)
    return replace(snapshot, shipments={**snapshot.shipments, order_id: shipment})


def test_a_completed_order_without_a_shipment_is_a_violation():
    assert violations(without(example_snapshot(), "shipments", "packed")) == {("shipments", "packed")}


def test_a_completed_order_with_a_canceled_shipment_is_a_violation():
    assert violations(with_shipment("packed", "CANCELLED")) == {("shipments", "packed")}


def test_a_shipped_shipment_of_an_order_that_is_not_shipped_is_a_violation():
    snapshot = with_order(example_snapshot(), "shipped", state="CONFIRMED", tracking_number="")
    assert violations(snapshot) == {("shipments", "shipped")}


def test_a_shipped_order_with_a_shipment_that_is_not_shipped_is_a_violation():
    assert violations(with_order(example_snapshot(), "packed", state="SHIPPED")) == {("shipments", "packed")}


def test_different_tracking_numbers_of_order_and_shipment_are_a_violation():
    snapshot = with_order(example_snapshot(), "shipped", tracking_number="CM2")
    assert violations(snapshot) == {("shipments", "shipped")}


@pytest.mark.parametrize("wrong", [{"account_id": "eve"}, {"email": "eve@example.com"}])
def test_a_shipment_for_another_buyer_is_a_violation(wrong):
    assert violations(changed(example_snapshot(), "shipments", "packed", **wrong)) == {
        ("shipments", "packed")
    }


def test_a_canceled_order_with_a_packing_shipment_is_a_violation():
    assert violations(with_shipment("canceled", "PACKING")) == {("shipments", "canceled")}


def test_a_canceled_order_without_a_canceled_shipment_is_a_violation():
    assert violations(without(example_snapshot(), "shipments", "canceled")) == {("shipments", "canceled")}


@pytest.mark.parametrize("order_id", ["declined", "pending"])
def test_a_shipment_of_an_unconfirmed_order_is_a_violation(order_id):
    assert violations(with_shipment(order_id, "PACKING")) == {("shipments", order_id)}


@pytest.mark.parametrize("order_id", ["declined", "pending"])
def test_a_canceled_shipment_of_an_unconfirmed_order_is_no_violation(order_id):
    assert violations(with_shipment(order_id, "CANCELLED")) == set()


def test_a_shipment_without_an_order_is_a_violation():
    assert violations(with_shipment("stray", "CANCELLED")) == {("shipments", "stray")}
