from dataclasses import replace

import pytest

from tools.audit.tests.unit.fabricated import NOW, TOTAL, a_market, an_entry, an_order, findings, with_order


def with_entry(operation, order_id, cents=TOTAL, **accounts):
    books = a_market()
    entry = replace(an_entry(order_id, operation, cents), **accounts)
    balances = dict(books.balances)
    balances[entry.debit] -= cents
    balances[entry.credit] += cents
    return replace(books, entries=(*books.entries, entry), balances=balances)


def without_entry(operation, order_id):
    books = a_market()
    (gone,) = (e for e in books.entries if (e.operation, e.reference) == (operation, order_id))
    balances = dict(books.balances)
    balances[gone.debit] += gone.amount_cents
    balances[gone.credit] -= gone.amount_cents
    return replace(books, entries=tuple(e for e in books.entries if e is not gone), balances=balances)


def test_a_sold_order_that_was_captured_twice_is_found():
    # The second capture takes money that nobody holds.
    assert findings(with_entry("capture", "shipped")) == {("sold: money", "shipped"), ("ledger", "holds")}


def test_a_sold_order_without_its_capture_is_found():
    assert findings(without_entry("capture", "packed")) == {
        ("sold: money", "packed"),
        ("payments", "packed"),
        ("ledger", "holds"),
    }


def test_a_sold_order_that_was_held_twice_is_found():
    found = findings(with_entry("authorize", "packed", authorization_id="another"))
    assert {("sold: money", "packed"), ("ledger", "holds")} <= found


def test_a_sold_order_whose_money_went_back_is_found():
    assert findings(with_entry("refund", "shipped")) == {("sold: money", "shipped"), ("payments", "shipped")}


def test_a_sold_order_of_another_amount_is_found():
    books = a_market()
    changed = tuple(
        replace(entry, amount_cents=TOTAL - 1) if entry.reference == "packed" else entry
        for entry in books.entries
    )
    balances = {"cardholder": 1 - 3 * TOTAL, "holds": TOTAL, "merchant": 2 * TOTAL - 1}
    assert findings(replace(books, entries=changed, balances=balances)) == {
        ("sold: money", "packed"),
        ("payments", "packed"),
    }


def test_a_cancelled_order_whose_money_was_kept_is_found():
    assert findings(without_entry("refund", "regretted")) == {
        ("cancelled: money", "regretted"),
        ("payments", "regretted"),
    }


def test_a_cancelled_order_whose_money_is_still_held_is_found():
    assert findings(without_entry("void", "expired")) == {
        ("cancelled: money", "expired"),
        ("payments", "expired"),
        ("ledger", "holds"),
    }


def test_a_cancelled_order_that_was_refunded_twice_is_found():
    assert ("cancelled: money", "regretted") in findings(with_entry("refund", "regretted"))


def test_a_cancelled_order_that_was_held_twice_and_let_go_twice_is_found():
    books = with_entry("authorize", "expired")
    again = replace(
        books, entries=(*books.entries, an_entry("expired", "void")), balances=a_market().balances
    )
    assert findings(again) == {("cancelled: money", "expired")}


def test_an_unfinished_order_that_is_held_twice_is_found():
    assert findings(with_entry("authorize", "begun")) == {("unfinished: money", "begun")}


def test_an_order_that_is_charged_before_it_is_confirmed_is_found():
    assert findings(with_entry("capture", "begun")) == {("unfinished: money", "begun")}


def test_a_confirmed_order_that_is_not_charged_yet_is_in_order():
    books = with_order(
        without_entry("capture", "packed"), "packed", next_step="payment.capture", move_time=NOW
    )
    assert findings(books) == set()


def test_an_entry_of_no_order_is_found():
    assert findings(with_entry("authorize", "stray")) == {("ledger", "stray"), ("ledger", "holds")}


def test_an_entry_between_the_wrong_accounts_is_found():
    books = without_entry("capture", "packed")
    entry = replace(an_entry("packed", "capture"), debit="holds", credit="cardholder")
    balances = {"cardholder": -2 * TOTAL, "holds": TOTAL, "merchant": TOTAL}
    wrong = replace(books, entries=(*books.entries, entry), balances=balances)
    assert findings(wrong) == {("ledger", "packed"), ("ledger", "merchant")}


@pytest.mark.parametrize("account", ["holds", "merchant"])
def test_a_balance_that_its_entries_do_not_explain_is_found(account):
    books = a_market()
    balances = {**books.balances, account: books.balances[account] + 1, "cardholder": -3 * TOTAL - 1}
    assert findings(replace(books, balances=balances)) == {("ledger", account)}


def test_balances_that_do_not_cancel_out_are_found():
    books = a_market()
    balances = {**books.balances, "cardholder": 0}
    assert findings(replace(books, balances=balances)) == {("ledger", "balances")}


def test_an_order_that_costs_something_else_than_its_lines_is_found():
    books = with_order(a_market(), "declined", shipping_cents=499)
    assert findings(books) == {("orders", "declined")}


def test_what_an_entry_of_a_new_order_tells_is_in_order():
    books = a_market()
    order = an_order(
        "new", state="PENDING", next_step="payment.authorize", create_time=books.time, confirm_time=None
    )
    assert findings(replace(books, orders={**books.orders, "new": order})) == set()
