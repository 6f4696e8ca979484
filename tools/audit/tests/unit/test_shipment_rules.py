from dataclasses import replace

import pytest

from tools.audit.books import Shipment
from tools.audit.tests.unit.fabricated import NOW, a_market, changed, findings, with_order, without


def with_shipment(order_id, state):
    books = a_market()
    shipment = Shipment(order_id, state, "ada", "ada@example.com", NOW, None)
    return replace(books, shipments={**books.shipments, order_id: shipment})


def test_a_sold_order_without_a_shipment_is_found():
    assert findings(without(a_market(), "shipments", "packed")) == {("shipments", "packed")}


def test_a_sold_order_whose_shipment_is_canceled_is_found():
    assert findings(with_shipment("packed", "CANCELLED")) == {("shipments", "packed")}


def test_an_order_that_does_not_know_that_its_shipment_left_is_found():
    books = with_order(a_market(), "shipped", state="CONFIRMED", tracking_number="")
    assert findings(books) == {("shipments", "shipped")}


def test_an_order_that_is_called_shipped_while_its_shipment_is_here_is_found():
    assert findings(with_order(a_market(), "packed", state="SHIPPED")) == {("shipments", "packed")}


def test_an_order_with_another_tracking_number_than_its_shipment_is_found():
    books = with_order(a_market(), "shipped", tracking_number="CM2")
    assert findings(books) == {("shipments", "shipped")}


@pytest.mark.parametrize("wrong", [{"account_id": "eve"}, {"email": "eve@example.com"}])
def test_a_shipment_for_somebody_else_is_found(wrong):
    assert findings(changed(a_market(), "shipments", "packed", **wrong)) == {("shipments", "packed")}


def test_a_cancelled_order_whose_shipment_is_being_packed_is_found():
    assert findings(with_shipment("regretted", "PACKING")) == {("shipments", "regretted")}


def test_a_cancelled_order_whose_shipment_is_not_canceled_is_found():
    assert findings(without(a_market(), "shipments", "regretted")) == {("shipments", "regretted")}


@pytest.mark.parametrize("order_id", ["declined", "begun"])
def test_a_shipment_of_an_order_that_was_never_confirmed_is_found(order_id):
    assert findings(with_shipment(order_id, "PACKING")) == {("shipments", order_id)}


@pytest.mark.parametrize("order_id", ["declined", "begun"])
def test_a_shipment_that_was_canceled_before_any_confirmation_is_in_order(order_id):
    assert findings(with_shipment(order_id, "CANCELLED")) == set()


def test_a_shipment_of_no_order_is_found():
    assert findings(with_shipment("stray", "CANCELLED")) == {("shipments", "stray")}
