from dataclasses import replace

import pytest

from tools.audit.tests.unit.example import (
    NOW,
    TOTAL,
    an_entry,
    an_order,
    example_snapshot,
    violations,
    with_order,
)


def with_entry(operation, order_id, cents=TOTAL, **accounts):
    snapshot = example_snapshot()
    entry = replace(an_entry(order_id, operation, cents), **accounts)
    balances = dict(snapshot.balances)
    balances[entry.debit] -= cents
    balances[entry.credit] += cents
    return replace(snapshot, entries=(*snapshot.entries, entry), balances=balances)


def without_entry(operation, order_id):
    snapshot = example_snapshot()
    (removed,) = (e for e in snapshot.entries if (e.operation, e.reference) == (operation, order_id))
    balances = dict(snapshot.balances)
    balances[removed.debit] += removed.amount_cents
    balances[removed.credit] -= removed.amount_cents
    return replace(
        snapshot, entries=tuple(e for e in snapshot.entries if e is not removed), balances=balances
    )


def test_a_second_capture_of_a_completed_order_is_a_violation():
    # The second capture takes money that is not held.
    assert violations(with_entry("capture", "shipped")) == {
        ("completed: money", "shipped"),
        ("ledger", "holds"),
    }


def test_a_completed_order_without_a_capture_is_a_violation():
    assert violations(without_entry("capture", "packed")) == {
        ("completed: money", "packed"),
        ("payments", "packed"),
        ("ledger", "holds"),
    }


def test_a_second_authorization_of_a_completed_order_is_a_violation():
    found = violations(with_entry("authorize", "packed", authorization_id="another"))
    assert {("completed: money", "packed"), ("ledger", "holds")} <= found


def test_a_refund_of_a_completed_order_is_a_violation():
    assert violations(with_entry("refund", "shipped")) == {
        ("completed: money", "shipped"),
        ("payments", "shipped"),
    }


def test_a_capture_of_another_amount_is_a_violation():
    snapshot = example_snapshot()
    changed = tuple(
        replace(entry, amount_cents=TOTAL - 1) if entry.reference == "packed" else entry
        for entry in snapshot.entries
    )
    balances = {"cardholder": 1 - 3 * TOTAL, "holds": TOTAL, "merchant": 2 * TOTAL - 1}
    assert violations(replace(snapshot, entries=changed, balances=balances)) == {
        ("completed: money", "packed"),
        ("payments", "packed"),
    }


def test_a_canceled_order_without_its_refund_is_a_violation():
    assert violations(without_entry("refund", "canceled")) == {
        ("canceled: money", "canceled"),
        ("payments", "canceled"),
    }


def test_a_canceled_order_without_its_void_is_a_violation():
    assert violations(without_entry("void", "expired")) == {
        ("canceled: money", "expired"),
        ("payments", "expired"),
        ("ledger", "holds"),
    }


def test_a_second_refund_of_a_canceled_order_is_a_violation():
    assert ("canceled: money", "canceled") in violations(with_entry("refund", "canceled"))


def test_two_authorizations_and_two_voids_of_a_canceled_order_are_a_violation():
    snapshot = with_entry("authorize", "expired")
    again = replace(
        snapshot,
        entries=(*snapshot.entries, an_entry("expired", "void")),
        balances=example_snapshot().balances,
    )
    assert violations(again) == {("canceled: money", "expired")}


def test_a_second_authorization_of_an_unfinished_order_is_a_violation():
    assert violations(with_entry("authorize", "pending")) == {("unfinished: money", "pending")}


def test_a_capture_before_the_confirmation_is_a_violation():
    assert violations(with_entry("capture", "pending")) == {("unfinished: money", "pending")}


def test_a_confirmed_order_may_wait_for_its_capture():
    snapshot = with_order(
        without_entry("capture", "packed"), "packed", next_step="payment.capture", move_time=NOW
    )
    assert violations(snapshot) == set()


def test_an_entry_without_an_order_is_a_violation():
    assert violations(with_entry("authorize", "stray")) == {("ledger", "stray"), ("ledger", "holds")}


def test_an_entry_with_the_wrong_accounts_is_a_violation():
    snapshot = without_entry("capture", "packed")
    entry = replace(an_entry("packed", "capture"), debit="holds", credit="cardholder")
    balances = {"cardholder": -2 * TOTAL, "holds": TOTAL, "merchant": TOTAL}
    wrong = replace(snapshot, entries=(*snapshot.entries, entry), balances=balances)
    assert violations(wrong) == {("ledger", "packed"), ("ledger", "merchant")}


@pytest.mark.parametrize("account", ["holds", "merchant"])
def test_a_balance_that_does_not_follow_from_the_entries_is_a_violation(account):
    snapshot = example_snapshot()
    balances = {**snapshot.balances, account: snapshot.balances[account] + 1, "cardholder": -3 * TOTAL - 1}
    assert violations(replace(snapshot, balances=balances)) == {("ledger", account)}


def test_balances_that_do_not_add_up_to_zero_are_a_violation():
    snapshot = example_snapshot()
    balances = {**snapshot.balances, "cardholder": 0}
    assert violations(replace(snapshot, balances=balances)) == {("ledger", "balances")}


def test_a_total_that_is_not_the_sum_of_lines_and_shipping_is_a_violation():
    snapshot = with_order(example_snapshot(), "declined", shipping_cents=499)
    assert violations(snapshot) == {("orders", "declined")}


def test_a_new_order_without_any_entry_is_no_violation():
    snapshot = example_snapshot()
    order = an_order(
        "new", state="PENDING", next_step="payment.authorize", create_time=snapshot.time, confirm_time=None
    )
    assert violations(replace(snapshot, orders={**snapshot.orders, "new": order})) == set()
