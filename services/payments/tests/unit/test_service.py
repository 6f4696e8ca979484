import contextlib
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.domain.payments import (
    CardDeclined,
    PaymentNotAuthorized,
    PaymentNotFound,
    PaymentRequest,
    PaymentVoided,
    State,
)
from payments.domain.steps import OutcomeImpossible, Step
from payments.service import PaymentService
from services.payments.tests.unit.fakes import FakeBank, FakeStore, NoResponse

REQUEST = PaymentRequest("order-1", 1999, "tok_visa")
ORDER = REQUEST.order_id


@pytest.fixture
def bank():
    return FakeBank()


@pytest.fixture
def service(bank):
    return PaymentService(FakeStore(), bank)


def test_repeated_authorizations_reach_the_bank_once(service, bank):
    assert service.authorize(REQUEST) == service.authorize(REQUEST)
    assert bank.requests == [Step.AUTHORIZE]


def test_a_payment_is_recorded_before_the_request_to_the_bank(service, bank):
    seen = []
    bank.before_request = lambda: seen.append(service.payment(ORDER).state)
    service.authorize(REQUEST)
    assert seen == [State.PENDING]


def test_a_lost_response_leaves_the_payment_pending_until_the_next_try(service, bank):
    bank.faults = iter(["after"])
    with pytest.raises(NoResponse):
        service.authorize(REQUEST)
    assert service.payment(ORDER).state is State.PENDING
    assert service.authorize(REQUEST).state is State.AUTHORIZED


def test_a_declined_card_is_not_tried_again(service, bank):
    bank.declines = "CARD_DECLINED"
    for _ in range(2):
        with pytest.raises(CardDeclined):
            service.authorize(REQUEST)
    assert bank.requests == [Step.AUTHORIZE]


def test_canceling_voids_a_held_payment(service):
    service.authorize(REQUEST)
    assert service.cancel(ORDER).state is State.VOIDED


def test_canceling_refunds_a_captured_payment(service):
    service.authorize(REQUEST)
    service.capture(ORDER)
    assert service.cancel(ORDER).state is State.REFUNDED


def test_an_order_that_is_canceled_first_cannot_be_paid_later(service, bank):
    assert service.cancel(ORDER).state is State.VOIDED
    with pytest.raises(PaymentVoided):
        service.authorize(REQUEST)
    assert bank.requests == []


def test_canceling_a_payment_of_unknown_outcome_leaves_no_hold(service, bank):
    bank.faults = iter(["before"])
    with pytest.raises(NoResponse):
        service.authorize(REQUEST)
    service.cancel(ORDER)
    assert not bank.holds_or_has_money


def test_an_authorization_that_is_overtaken_by_a_cancellation_fails_and_leaves_no_hold(service, bank):
    bank.before_response = lambda: service.cancel(ORDER)
    with pytest.raises(PaymentVoided):
        service.authorize(REQUEST)
    assert not bank.holds_or_has_money


def test_an_authorization_that_reaches_the_bank_after_the_cancellation_leaves_no_hold(service, bank):
    bank.before_request = lambda: service.cancel(ORDER)
    with pytest.raises(PaymentVoided):
        service.authorize(REQUEST)
    assert not bank.holds_or_has_money


def test_a_cancellation_that_is_overtaken_by_a_capture_refunds_it(service, bank):
    service.authorize(REQUEST)
    record = service.payment(ORDER)
    bank.do(Step.CAPTURE, record)
    assert service.cancel(ORDER).state is State.REFUNDED


def test_a_capture_that_is_overtaken_by_a_cancellation_fails(service, bank):
    service.authorize(REQUEST)
    bank.do(Step.VOID, service.payment(ORDER))
    with pytest.raises(PaymentNotAuthorized):
        service.capture(ORDER)


def test_an_impossible_outcome_is_not_recorded(service, bank):
    service.authorize(REQUEST)
    bank.state = State.DECLINED
    with pytest.raises(OutcomeImpossible):
        service.capture(ORDER)
    assert service.payment(ORDER).state is State.AUTHORIZED


def test_an_order_without_a_payment_cannot_be_captured(service):
    with pytest.raises(PaymentNotFound):
        service.capture(ORDER)


GOALS = st.sampled_from(["authorize", "capture", "cancel"])
WHEN = st.sampled_from(["", "before_request", "before_response"])
CALLS = st.lists(st.tuples(GOALS, WHEN, GOALS), max_size=12)
FAULTS = st.lists(st.sampled_from(["", "before", "after"]), max_size=20)


@given(calls=CALLS, faults=FAULTS)
def test_a_final_cancellation_leaves_no_money_at_the_bank_whatever_happened_before(calls, faults):
    bank = FakeBank(iter(faults))
    service = PaymentService(FakeStore(), bank)

    def attempt(goal):
        with contextlib.suppress(NoResponse, PaymentVoided, PaymentNotAuthorized, PaymentNotFound):
            getattr(service, goal)(REQUEST if goal == "authorize" else ORDER)

    for goal, when, overtaker in calls:
        if when:
            setattr(bank, when, partial(attempt, overtaker))
        attempt(goal)
    bank.faults, bank.before_request, bank.before_response = iter(()), lambda: None, lambda: None
    service.cancel(ORDER)
    assert not bank.holds_or_has_money


@given(faults=FAULTS)
def test_retries_finish_a_payment_that_failed(faults):
    bank = FakeBank(iter(faults))
    service = PaymentService(FakeStore(), bank)
    for step in (lambda: service.authorize(REQUEST), lambda: service.capture(ORDER)):
        for _ in range(len(faults) + 1):
            with contextlib.suppress(NoResponse):
                step()
    assert service.payment(ORDER).state is bank.state is State.CAPTURED
