from dataclasses import replace

import pytest

from tools.audit.books import Payment
from tools.audit.tests.unit.fabricated import a_market, changed, findings, without


@pytest.mark.parametrize(
    ("order_id", "wrong"),
    [
        ("shipped", {"state": "AUTHORIZED"}),
        ("shipped", {"amount_cents": 1}),
        ("shipped", {"amount_cents": None}),
        ("shipped", {"token": "tok_mastercard"}),
        ("shipped", {"bank_reference": "auth packed"}),
        ("regretted", {"state": "CAPTURED"}),
        ("expired", {"state": "AUTHORIZED"}),
        ("declined", {"state": "AUTHORIZED"}),
        ("declined", {"state": "PENDING"}),
        ("declined", {"state": "VOIDED"}),  # with an amount: the bank would know it
    ],
)
def test_a_payment_that_is_not_as_the_bank_has_it_is_found(order_id, wrong):
    assert findings(changed(a_market(), "payments", order_id, **wrong)) == {("payments", order_id)}


@pytest.mark.parametrize("order_id", ["shipped", "regretted"])
def test_an_order_whose_payment_is_missing_is_found(order_id):
    assert findings(without(a_market(), "payments", order_id)) == {("payments", order_id)}


def test_a_payment_of_no_order_is_found():
    books = a_market()
    stray = Payment("stray", "VOIDED", None, "", "")
    assert findings(replace(books, payments={**books.payments, "stray": stray})) == {("payments", "stray")}


def test_a_payment_that_was_cancelled_before_it_was_asked_for_is_in_order():
    books = a_market()
    unasked = Payment("sold-out", "VOIDED", None, "", "")
    assert findings(replace(books, payments={**books.payments, "sold-out": unasked})) == set()


def test_the_payment_of_an_order_with_steps_left_may_be_behind_the_bank():
    assert findings(changed(a_market(), "payments", "begun", state="PENDING")) == set()
