from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from tools.audit.books import Movement, Reservation
from tools.audit.tests.unit.fabricated import NOW, PIECES, a_market, changed, findings, without


def with_movements(*more, less=()):
    books = a_market()
    kept = (m for m in books.movements if (m.reference, m.kind, m.product_id) not in less)
    return replace(books, movements=(*kept, *more))


@pytest.mark.parametrize("state", ["HELD", "RELEASED", "EXPIRED"])
def test_a_sold_order_that_was_not_committed_is_found(state):
    assert findings(changed(a_market(), "reservations", "packed", state=state)) == {
        ("sold: pieces", "packed")
    }


def test_a_sold_order_without_a_reservation_is_found():
    found = findings(without(a_market(), "reservations", "packed"))
    assert found == {("sold: pieces", "packed"), ("reservations", "packed")}


def test_a_sold_order_of_which_a_piece_never_left_is_found():
    assert findings(with_movements(less={("packed", "SOLD", "wok")})) == {("sold: pieces", "packed")}


def test_a_sold_order_of_which_more_left_is_found():
    assert findings(with_movements(Movement("packed", "mug", "SOLD", 1))) == {("sold: pieces", "packed")}


def test_a_sold_order_that_came_back_is_found():
    assert findings(with_movements(Movement("packed", "wok", "RETURNED", 1))) == {("sold: pieces", "packed")}


@pytest.mark.parametrize("state", ["HELD", "COMMITTED"])
def test_a_cancelled_order_that_keeps_its_pieces_is_found(state):
    books = changed(a_market(), "reservations", "declined", state=state)
    assert findings(books) == {("cancelled: pieces", "declined")}


def test_a_cancelled_order_of_which_a_piece_did_not_come_back_is_found():
    books = with_movements(less={("regretted", "RETURNED", "bowl")})
    assert findings(books) == {("cancelled: pieces", "regretted")}


def test_a_cancelled_order_of_which_other_pieces_went_and_came_back_is_found():
    moved = (Movement("declined", "mug", kind, 1) for kind in ("SOLD", "RETURNED"))
    assert findings(with_movements(*moved)) == {("cancelled: pieces", "declined")}


def test_a_reservation_of_no_order_is_found():
    books = a_market()
    stray = Reservation("stray", "HELD", NOW, PIECES)
    found = findings(replace(books, reservations={**books.reservations, "stray": stray}))
    assert found == {("reservations", "stray")}


@pytest.mark.parametrize("order_id", ["shipped", "declined", "begun"])
def test_a_reservation_of_other_pieces_than_the_order_s_is_found(order_id):
    books = changed(a_market(), "reservations", order_id, pieces=Counter(bowl=2))
    assert findings(books) == {("reservations", order_id)}


def test_a_reservation_that_was_given_back_before_anything_was_kept_is_in_order():
    assert findings(changed(a_market(), "reservations", "declined", pieces=Counter())) == set()


def test_a_reservation_that_lapsed_without_ever_keeping_anything_is_found():
    books = changed(a_market(), "reservations", "expired", pieces=Counter())
    assert findings(books) == {("reservations", "expired")}


def test_a_reservation_that_has_lapsed_and_still_holds_pieces_is_found():
    books = changed(a_market(), "reservations", "begun", expire_time=NOW - timedelta(minutes=2))
    assert findings(books) == {("reservations", "begun")}


def test_a_reservation_that_lapsed_a_moment_ago_is_in_order():
    books = changed(a_market(), "reservations", "begun", expire_time=NOW - timedelta(seconds=1))
    assert findings(books) == set()


@pytest.mark.parametrize("kind", ["SOLD", "RETURNED"])
def test_pieces_that_moved_for_no_order_are_found(kind):
    assert findings(with_movements(Movement("stray", "bowl", kind, 1))) == {("reservations", "stray")}


@pytest.mark.parametrize("column", ["available", "held", "delivered", "sold", "returned"])
def test_a_stock_that_is_off_by_one_is_found(column):
    books = a_market()
    bowl, *others = books.stock
    wrong = replace(bowl, **{column: getattr(bowl, column) + 1})
    assert findings(replace(books, stock=(wrong, *others))) == {("stock", "bowl")}


def test_more_pieces_sold_than_there_were_are_found():
    books = a_market()
    bowl, *others = books.stock
    oversold = replace(bowl, available=-1, sold=bowl.sold + bowl.available + 1)
    assert findings(replace(books, stock=(oversold, *others))) == {("stock", "bowl")}
