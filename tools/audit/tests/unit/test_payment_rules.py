from dataclasses import replace

import pytest

from tools.audit.snapshot import Payment
from tools.audit.tests.unit.example import changed, example_snapshot, violations, without


@pytest.mark.parametrize(
    ("order_id", "wrong"),
    [
        ("shipped", {"state": "AUTHORIZED"}),
        ("shipped", {"amount_cents": 1}),
        ("shipped", {"amount_cents": None}),
        ("shipped", {"token": "tok_mastercard"}),
        ("shipped", {"bank_reference": "auth packed"}),
        ("canceled", {"state": "CAPTURED"}),
        ("expired", {"state": "AUTHORIZED"}),
        ("declined", {"state": "AUTHORIZED"}),
        ("declined", {"state": "PENDING"}),
        ("declined", {"state": "VOIDED"}),  # with an amount: the bank would know it
    ],
)
def test_a_payment_that_differs_from_the_ledger_is_a_violation(order_id, wrong):
    assert violations(changed(example_snapshot(), "payments", order_id, **wrong)) == {("payments", order_id)}


@pytest.mark.parametrize("order_id", ["shipped", "canceled"])
def test_an_order_without_its_payment_is_a_violation(order_id):
    assert violations(without(example_snapshot(), "payments", order_id)) == {("payments", order_id)}


def test_a_payment_without_an_order_is_a_violation():
    snapshot = example_snapshot()
    stray = Payment("stray", "VOIDED", None, "", "")
    assert violations(replace(snapshot, payments={**snapshot.payments, "stray": stray})) == {
        ("payments", "stray")
    }


def test_a_payment_that_was_canceled_before_it_was_requested_is_no_violation():
    snapshot = example_snapshot()
    unasked = Payment("sold-out", "VOIDED", None, "", "")
    assert violations(replace(snapshot, payments={**snapshot.payments, "sold-out": unasked})) == set()


def test_the_payment_of_an_unfinished_order_may_lag_behind_the_bank():
    assert violations(changed(example_snapshot(), "payments", "pending", state="PENDING")) == set()
