from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from tools.audit.snapshot import Movement, Reservation
from tools.audit.tests.unit.example import NOW, UNITS, changed, example_snapshot, violations, without


def with_movements(*more, less=()):
    snapshot = example_snapshot()
    kept = (m for m in snapshot.movements if (m.reference, m.kind, m.product_id) not in less)
    return replace(snapshot, movements=(*kept, *more))


@pytest.mark.parametrize("state", ["HELD", "RELEASED", "EXPIRED"])
def test_a_completed_order_without_a_committed_reservation_is_a_violation(state):
    assert violations(changed(example_snapshot(), "reservations", "packed", state=state)) == {
        ("completed: stock", "packed")
    }


def test_a_completed_order_without_a_reservation_is_a_violation():
    found = violations(without(example_snapshot(), "reservations", "packed"))
    assert found == {("completed: stock", "packed"), ("reservations", "packed")}


def test_a_completed_order_with_too_few_units_sold_is_a_violation():
    assert violations(with_movements(less={("packed", "SOLD", "wok")})) == {("completed: stock", "packed")}


def test_a_completed_order_with_too_many_units_sold_is_a_violation():
    assert violations(with_movements(Movement("packed", "mug", "SOLD", 1))) == {
        ("completed: stock", "packed")
    }


def test_a_return_of_a_completed_order_is_a_violation():
    assert violations(with_movements(Movement("packed", "wok", "RETURNED", 1))) == {
        ("completed: stock", "packed")
    }


@pytest.mark.parametrize("state", ["HELD", "COMMITTED"])
def test_a_canceled_order_that_keeps_its_reservation_is_a_violation(state):
    snapshot = changed(example_snapshot(), "reservations", "declined", state=state)
    assert violations(snapshot) == {("canceled: stock", "declined")}


def test_a_canceled_order_with_too_few_units_returned_is_a_violation():
    snapshot = with_movements(less={("canceled", "RETURNED", "bowl")})
    assert violations(snapshot) == {("canceled: stock", "canceled")}


def test_a_canceled_order_with_other_units_sold_and_returned_is_a_violation():
    moved = (Movement("declined", "mug", kind, 1) for kind in ("SOLD", "RETURNED"))
    assert violations(with_movements(*moved)) == {("canceled: stock", "declined")}


def test_a_reservation_without_an_order_is_a_violation():
    snapshot = example_snapshot()
    stray = Reservation("stray", "HELD", NOW, UNITS)
    found = violations(replace(snapshot, reservations={**snapshot.reservations, "stray": stray}))
    assert found == {("reservations", "stray")}


@pytest.mark.parametrize("order_id", ["shipped", "declined", "pending"])
def test_a_reservation_of_other_units_than_the_order_s_is_a_violation(order_id):
    snapshot = changed(example_snapshot(), "reservations", order_id, units=Counter(bowl=2))
    assert violations(snapshot) == {("reservations", order_id)}


def test_a_release_before_the_reservation_is_no_violation():
    assert violations(changed(example_snapshot(), "reservations", "declined", units=Counter())) == set()


def test_an_expired_reservation_without_units_is_a_violation():
    snapshot = changed(example_snapshot(), "reservations", "expired", units=Counter())
    assert violations(snapshot) == {("reservations", "expired")}


def test_an_expired_reservation_that_still_holds_units_is_a_violation():
    snapshot = changed(example_snapshot(), "reservations", "pending", expire_time=NOW - timedelta(minutes=2))
    assert violations(snapshot) == {("reservations", "pending")}


def test_a_reservation_that_has_just_expired_is_no_violation():
    snapshot = changed(example_snapshot(), "reservations", "pending", expire_time=NOW - timedelta(seconds=1))
    assert violations(snapshot) == set()


@pytest.mark.parametrize("kind", ["SOLD", "RETURNED"])
def test_units_that_moved_without_a_reservation_are_a_violation(kind):
    assert violations(with_movements(Movement("stray", "bowl", kind, 1))) == {("reservations", "stray")}


@pytest.mark.parametrize("column", ["available", "held", "delivered", "sold", "returned"])
def test_a_stock_that_is_off_by_one_is_a_violation(column):
    snapshot = example_snapshot()
    bowl, *others = snapshot.stock
    wrong = replace(bowl, **{column: getattr(bowl, column) + 1})
    assert violations(replace(snapshot, stock=(wrong, *others))) == {("stock", "bowl")}


def test_overselling_is_a_violation():
    snapshot = example_snapshot()
    bowl, *others = snapshot.stock
    oversold = replace(bowl, available=-1, sold=bowl.sold + bowl.available + 1)
    assert violations(replace(snapshot, stock=(oversold, *others))) == {("stock", "bowl")}
