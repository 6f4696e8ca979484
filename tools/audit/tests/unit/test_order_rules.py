from dataclasses import replace
from datetime import timedelta

import pytest

from orders.config import Config
from orders.domain.saga import pause
from tools.audit.rules.orders import DEADLINE
from tools.audit.tests.unit.fabricated import NOW, a_market, changed, findings, with_order

TOO_LONG = DEADLINE + timedelta(seconds=1)


def test_the_deadline_leaves_orders_the_time_to_give_up():
    # Somebody died while driving the order; then its step cannot be done once more.
    slowest = Config.give_up_seconds + Config.lease_seconds + pause(100) + Config.sweep_seconds
    assert slowest < DEADLINE.total_seconds() < slowest + 30


def test_an_order_that_is_pending_for_too_long_is_found():
    assert findings(with_order(a_market(), "begun", create_time=NOW - TOO_LONG)) == {("deadlines", "begun")}


def test_an_order_that_is_pending_for_as_long_as_it_may_is_in_order():
    assert findings(with_order(a_market(), "begun", create_time=NOW - DEADLINE)) == set()


def test_an_order_that_is_confirmed_and_not_done_for_too_long_is_found():
    books = with_order(a_market(), "packed", next_step="cart.clear", move_time=NOW - TOO_LONG)
    assert findings(books) == {("deadlines", "packed")}


def test_an_old_order_that_is_being_cancelled_just_now_is_in_order():
    books = with_order(a_market(), "packed", next_step="shipment.cancel", move_time=NOW)
    assert findings(books) == set()


def test_a_pending_order_that_nobody_will_go_on_with_is_found():
    # Its money is held for nothing, then.
    books = with_order(a_market(), "begun", next_step=None)
    assert findings(books) == {("deadlines", "begun"), ("ledger", "holds")}


def test_a_cancelled_order_with_something_left_to_do_is_found():
    assert findings(with_order(a_market(), "declined", next_step="stock.release", move_time=NOW)) == {
        ("deadlines", "declined")
    }


def test_a_parcel_that_nobody_fetches_is_found():
    books = changed(a_market(), "shipments", "packed", pack_until=NOW - TOO_LONG)
    assert findings(books) == {("deadlines", "packed")}


def test_an_order_of_an_unknown_account_is_found():
    books = a_market()
    assert findings(replace(books, accounts=frozenset())) == {("orders", order) for order in books.orders}


def test_two_orders_of_one_request_are_found():
    books = with_order(a_market(), "declined", idempotency_key="key of shipped")
    assert findings(books) == {("orders", "declined")}


@pytest.mark.parametrize(
    ("order_id", "changes"),
    [("packed", {"confirm_time": None}), ("begun", {"confirm_time": NOW})],
)
def test_an_order_whose_state_is_not_that_of_its_journey_is_found(order_id, changes):
    assert ("orders", order_id) in findings(with_order(a_market(), order_id, **changes))
