from dataclasses import replace
from datetime import timedelta

import pytest

from orders.config import Config
from orders.domain.saga import retry_delay
from tools.audit.rules.orders import DEADLINE
from tools.audit.tests.unit.example import NOW, changed, example_snapshot, violations, with_order

TOO_LONG = DEADLINE + timedelta(seconds=1)


def test_the_deadline_leaves_an_order_the_time_to_be_canceled():
    # The worst case: a worker crashes with the lease, and the attempt after it comes at the end of the longest pause.
    slowest = Config.give_up_seconds + Config.lease_seconds + retry_delay(100) + Config.sweep_seconds
    assert slowest < DEADLINE.total_seconds() < slowest + 30


def test_an_order_that_is_pending_for_too_long_is_a_violation():
    assert violations(with_order(example_snapshot(), "pending", create_time=NOW - TOO_LONG)) == {
        ("deadlines", "pending")
    }


def test_an_order_may_be_pending_until_the_deadline():
    assert violations(with_order(example_snapshot(), "pending", create_time=NOW - DEADLINE)) == set()


def test_a_confirmed_order_with_an_overdue_step_is_a_violation():
    snapshot = with_order(example_snapshot(), "packed", next_step="cart.clear", move_time=NOW - TOO_LONG)
    assert violations(snapshot) == {("deadlines", "packed")}


def test_an_old_order_may_be_canceled():
    snapshot = with_order(example_snapshot(), "packed", next_step="shipment.cancel", move_time=NOW)
    assert violations(snapshot) == set()


def test_a_pending_order_without_a_step_left_is_a_violation():
    # Its authorization would never be voided, either.
    snapshot = with_order(example_snapshot(), "pending", next_step=None)
    assert violations(snapshot) == {("deadlines", "pending"), ("ledger", "holds")}


def test_a_canceled_order_with_a_step_left_is_a_violation():
    assert violations(
        with_order(example_snapshot(), "declined", next_step="stock.release", move_time=NOW)
    ) == {("deadlines", "declined")}


def test_a_packed_shipment_with_an_overdue_handover_is_a_violation():
    snapshot = changed(example_snapshot(), "shipments", "packed", pack_until=NOW - TOO_LONG)
    assert violations(snapshot) == {("deadlines", "packed")}


def test_an_order_of_an_unknown_account_is_a_violation():
    snapshot = example_snapshot()
    assert violations(replace(snapshot, accounts=frozenset())) == {
        ("orders", order) for order in snapshot.orders
    }


def test_a_second_order_of_the_same_request_is_a_violation():
    snapshot = with_order(example_snapshot(), "declined", idempotency_key="key of shipped")
    assert violations(snapshot) == {("orders", "declined")}


@pytest.mark.parametrize(
    ("order_id", "changes"),
    [("packed", {"confirm_time": None}), ("pending", {"confirm_time": NOW})],
)
def test_a_state_that_contradicts_the_journey_is_a_violation(order_id, changes):
    assert ("orders", order_id) in violations(with_order(example_snapshot(), order_id, **changes))
