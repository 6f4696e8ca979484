import contextlib
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.domain.cashier import Cashier
from payments.domain.payments import (
    CardDeclined,
    PaymentNotAuthorized,
    PaymentNotFound,
    PaymentVoided,
    State,
    Wanted,
)
from payments.domain.steps import BankContradictsItself, Step
from services.payments.tests.unit.fakes import FakeBank, FakeRecords, NoAnswer

WANTED = Wanted("order-1", 1999, "tok_visa")
ORDER = WANTED.order_id


@pytest.fixture
def bank():
    return FakeBank()


@pytest.fixture
def cashier(bank):
    return Cashier(FakeRecords(), bank)


def test_an_order_is_paid_once_however_often_it_is_asked_for(cashier, bank):
    assert cashier.authorize(WANTED) == cashier.authorize(WANTED)
    assert bank.asked == [Step.AUTHORIZE]


def test_a_payment_is_on_record_before_the_bank_is_asked(cashier, bank):
    seen = []
    bank.on_the_way = lambda: seen.append(cashier.payment(ORDER).state)
    cashier.authorize(WANTED)
    assert seen == [State.PENDING]


def test_a_lost_answer_leaves_the_payment_pending_until_it_is_asked_for_again(cashier, bank):
    bank.faults = iter(["after"])
    with pytest.raises(NoAnswer):
        cashier.authorize(WANTED)
    assert cashier.payment(ORDER).state is State.PENDING
    assert cashier.authorize(WANTED).state is State.AUTHORIZED


def test_a_declined_card_is_remembered(cashier, bank):
    bank.declines = "CARD_DECLINED"
    for _ in range(2):
        with pytest.raises(CardDeclined):
            cashier.authorize(WANTED)
    assert bank.asked == [Step.AUTHORIZE]


def test_cancelling_lets_go_what_is_held(cashier):
    cashier.authorize(WANTED)
    assert cashier.cancel(ORDER).state is State.VOIDED


def test_cancelling_gives_back_what_was_taken(cashier):
    cashier.authorize(WANTED)
    cashier.capture(ORDER)
    assert cashier.cancel(ORDER).state is State.REFUNDED


def test_an_order_that_is_cancelled_first_can_not_be_paid_later(cashier, bank):
    assert cashier.cancel(ORDER).state is State.VOIDED
    with pytest.raises(PaymentVoided):
        cashier.authorize(WANTED)
    assert bank.asked == []


def test_a_payment_of_unknown_outcome_that_is_cancelled_leaves_no_hold(cashier, bank):
    bank.faults = iter(["before"])
    with pytest.raises(NoAnswer):
        cashier.authorize(WANTED)
    cashier.cancel(ORDER)
    assert not bank.holds_or_has_money


def test_an_authorization_that_is_overtaken_by_a_cancellation_is_refused_and_leaves_no_hold(cashier, bank):
    bank.on_the_way_back = lambda: cashier.cancel(ORDER)
    with pytest.raises(PaymentVoided):
        cashier.authorize(WANTED)
    assert not bank.holds_or_has_money


def test_an_authorization_that_reaches_the_bank_after_the_cancellation_leaves_no_hold(cashier, bank):
    bank.on_the_way = lambda: cashier.cancel(ORDER)
    with pytest.raises(PaymentVoided):
        cashier.authorize(WANTED)
    assert not bank.holds_or_has_money


def test_a_cancellation_that_is_overtaken_by_a_capture_gives_the_money_back(cashier, bank):
    cashier.authorize(WANTED)
    record = cashier.payment(ORDER)
    bank.do(Step.CAPTURE, record)
    assert cashier.cancel(ORDER).state is State.REFUNDED


def test_a_capture_that_is_overtaken_by_a_cancellation_is_refused(cashier, bank):
    cashier.authorize(WANTED)
    bank.do(Step.VOID, cashier.payment(ORDER))
    with pytest.raises(PaymentNotAuthorized):
        cashier.capture(ORDER)


def test_nothing_is_recorded_of_an_outcome_that_can_not_follow(cashier, bank):
    cashier.authorize(WANTED)
    bank.state = State.DECLINED
    with pytest.raises(BankContradictsItself):
        cashier.capture(ORDER)
    assert cashier.payment(ORDER).state is State.AUTHORIZED


def test_an_order_nobody_paid_has_nothing_to_take(cashier):
    with pytest.raises(PaymentNotFound):
        cashier.capture(ORDER)


GOALS = st.sampled_from(["authorize", "capture", "cancel"])
WHEN = st.sampled_from(["", "on_the_way", "on_the_way_back"])
CALLS = st.lists(st.tuples(GOALS, WHEN, GOALS), max_size=12)
FAULTS = st.lists(st.sampled_from(["", "before", "after"]), max_size=20)


@given(calls=CALLS, faults=FAULTS)
def test_whatever_fails_and_overtakes_a_last_cancellation_leaves_no_money_at_the_bank(calls, faults):
    bank = FakeBank(iter(faults))
    cashier = Cashier(FakeRecords(), bank)

    def attempt(goal):
        with contextlib.suppress(NoAnswer, PaymentVoided, PaymentNotAuthorized, PaymentNotFound):
            getattr(cashier, goal)(WANTED if goal == "authorize" else ORDER)

    for goal, when, overtaker in calls:
        if when:
            setattr(bank, when, partial(attempt, overtaker))
        attempt(goal)
    bank.faults, bank.on_the_way, bank.on_the_way_back = iter(()), lambda: None, lambda: None
    cashier.cancel(ORDER)
    assert not bank.holds_or_has_money


@given(faults=FAULTS)
def test_a_payment_is_finished_by_repeating_what_failed(faults):
    bank = FakeBank(iter(faults))
    cashier = Cashier(FakeRecords(), bank)
    for step in (lambda: cashier.authorize(WANTED), lambda: cashier.capture(ORDER)):
        for _ in range(len(faults) + 1):
            with contextlib.suppress(NoAnswer):
                step()
    assert cashier.payment(ORDER).state is bank.state is State.CAPTURED
