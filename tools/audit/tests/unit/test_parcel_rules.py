from dataclasses import replace

import pytest

from tools.audit.books import Consignment
from tools.audit.tests.unit.fabricated import NOW, a_market, changed, findings, with_order, without


def with_parcel(order_id, state):
    books = a_market()
    parcel = Consignment(order_id, state, "ada", "ada@example.com", NOW, None)
    return replace(books, consignments={**books.consignments, order_id: parcel})


def test_a_sold_order_without_a_parcel_is_found():
    assert findings(without(a_market(), "consignments", "packed")) == {("parcels", "packed")}


def test_a_sold_order_whose_parcel_is_withheld_is_found():
    assert findings(with_parcel("packed", "WITHHELD")) == {("parcels", "packed")}


def test_an_order_that_does_not_know_that_its_parcel_left_is_found():
    books = with_order(a_market(), "shipped", state="CONFIRMED", tracking_number="")
    assert findings(books) == {("parcels", "shipped")}


def test_an_order_that_is_called_shipped_while_its_parcel_is_here_is_found():
    assert findings(with_order(a_market(), "packed", state="SHIPPED")) == {("parcels", "packed")}


def test_an_order_with_another_tracking_number_than_its_parcel_is_found():
    books = with_order(a_market(), "shipped", tracking_number="CM2")
    assert findings(books) == {("parcels", "shipped")}


@pytest.mark.parametrize("wrong", [{"account_id": "eve"}, {"email": "eve@example.com"}])
def test_a_parcel_for_somebody_else_is_found(wrong):
    assert findings(changed(a_market(), "consignments", "packed", **wrong)) == {("parcels", "packed")}


def test_a_cancelled_order_whose_parcel_is_being_packed_is_found():
    assert findings(with_parcel("regretted", "PACKING")) == {("parcels", "regretted")}


def test_a_cancelled_order_whose_parcel_is_not_withheld_is_found():
    assert findings(without(a_market(), "consignments", "regretted")) == {("parcels", "regretted")}


@pytest.mark.parametrize("order_id", ["declined", "begun"])
def test_a_parcel_of_an_order_that_was_never_confirmed_is_found(order_id):
    assert findings(with_parcel(order_id, "PACKING")) == {("parcels", order_id)}


@pytest.mark.parametrize("order_id", ["declined", "begun"])
def test_a_parcel_that_was_withheld_before_any_confirmation_is_in_order(order_id):
    assert findings(with_parcel(order_id, "WITHHELD")) == set()


def test_a_parcel_of_no_order_is_found():
    assert findings(with_parcel("stray", "WITHHELD")) == {("parcels", "stray")}
