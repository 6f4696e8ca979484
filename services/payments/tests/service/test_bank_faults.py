"""Payments with a bank that is slow, unavailable or flaky."""

import time
import uuid
from functools import partial

import pytest

from chassis import money
from chassis.errors import Unavailable
from nightmarket.payments.v1 import payments_pb2 as wire
from tests.support.waiting import wait_until

State = wire.Payment.State


@pytest.fixture
def order_id():
    return str(uuid.uuid4())


@pytest.fixture
def authorize(payments, order_id):
    """Authorize the order's payment: authorize(), or authorize(timeout=1)."""
    request = wire.AuthorizeRequest(order_id=order_id, amount=money.to_wire(1999), payment_token="tok_visa")
    return partial(payments.Authorize, request)


@pytest.fixture
def capture(payments, order_id):
    return partial(payments.Capture, wire.CaptureRequest(order_id=order_id))


@pytest.fixture
def cancel(payments, order_id):
    return partial(payments.Cancel, wire.CancelRequest(order_id=order_id))


@pytest.fixture
def recorded(payments, order_id):
    return lambda: payments.GetPayment(wire.GetPaymentRequest(order_id=order_id)).state


def retry(call):
    """Repeat a call until it succeeds, as orders does."""

    def attempt():
        try:
            return call()
        except Unavailable:
            return None

    return wait_until(attempt, timeout=30)


def test_a_bank_that_is_down_changes_no_payment(bank, order_id, authorize, capture, cancel, recorded):
    with bank.with_faults(down=True):
        with pytest.raises(Unavailable, match="The bank does not answer"):
            authorize()
        assert recorded() == State.PENDING
    assert authorize().state == State.AUTHORIZED
    with bank.with_faults(down=True):
        for call in (capture, cancel):
            with pytest.raises(Unavailable, match="The bank does not answer"):
                call()
        assert recorded() == State.AUTHORIZED
    assert capture().state == State.CAPTURED
    assert bank.entries(order_id) == ["authorize", "capture"]


def test_a_slow_response_within_the_deadline_is_used(bank, order_id, authorize, capture):
    with bank.with_faults(delaySeconds=0.3):
        assert authorize().state == State.AUTHORIZED
        assert capture().state == State.CAPTURED
    assert bank.entries(order_id) == ["authorize", "capture"]


def test_a_response_after_the_deadline_charges_once(bank, order_id, authorize):
    with bank.with_faults(delaySeconds=2):
        started = time.monotonic()
        with pytest.raises(Unavailable):
            authorize(timeout=1)
        assert time.monotonic() - started < 2
    assert bank.entries(order_id) == ["authorize"]
    assert authorize().state == State.AUTHORIZED
    assert bank.entries(order_id) == ["authorize"]


def test_canceling_a_payment_at_a_slow_bank_leaves_no_hold(bank, order_id, authorize, cancel):
    with bank.with_faults(delaySeconds=2), pytest.raises(Unavailable):
        authorize(timeout=1)
    assert cancel().state == State.VOIDED
    assert bank.entries(order_id) == ["authorize", "void"]


@pytest.mark.parametrize("share", [0.3, 0.8])
@pytest.mark.parametrize("_", range(5))
def test_a_flaky_bank_charges_once_despite_retries(bank, order_id, authorize, capture, share, _):
    with bank.with_faults(errorShare=share):
        assert retry(authorize).state == State.AUTHORIZED
        assert retry(capture).state == State.CAPTURED
    assert bank.entries(order_id) == ["authorize", "capture"]


@pytest.mark.parametrize("_", range(5))
def test_a_flaky_bank_refunds_once_despite_retries(bank, order_id, authorize, capture, cancel, _):
    with bank.with_faults(errorShare=0.6):
        for call in (authorize, capture, cancel):
            retry(call)
    assert bank.entries(order_id) == ["authorize", "capture", "refund"]
