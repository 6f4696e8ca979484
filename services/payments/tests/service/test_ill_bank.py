"""What payments make of a bank that is slow, down or flaky."""

import time
import uuid
from functools import partial

import pytest

from chassis import money
from chassis.errors import Unavailable
from chassis.testing import eventually
from nightmarket.payments.v1 import payments_pb2 as wire

State = wire.Payment.State


@pytest.fixture
def order_id():
    return str(uuid.uuid4())


@pytest.fixture
def authorize(payments, order_id):
    """Asks for the order's money: authorize(), or authorize(timeout=1)."""
    asked = wire.AuthorizeRequest(order_id=order_id, amount=money.to_wire(1999), payment_token="tok_visa")
    return partial(payments.Authorize, asked)


@pytest.fixture
def capture(payments, order_id):
    return partial(payments.Capture, wire.CaptureRequest(order_id=order_id))


@pytest.fixture
def cancel(payments, order_id):
    return partial(payments.Cancel, wire.CancelRequest(order_id=order_id))


@pytest.fixture
def recorded(payments, order_id):
    return lambda: payments.GetPayment(wire.GetPaymentRequest(order_id=order_id)).state


def insist(call):
    """Repeats a call until it is answered, as orders does."""

    def answered():
        try:
            return call()
        except Unavailable:
            return None

    return eventually(answered, seconds=30)


def test_a_bank_that_is_down_leaves_every_payment_as_it_was(
    bank, order_id, authorize, capture, cancel, recorded
):
    with bank.ill(down=True):
        with pytest.raises(Unavailable, match="The bank does not answer"):
            authorize()
        assert recorded() == State.PENDING
    assert authorize().state == State.AUTHORIZED
    with bank.ill(down=True):
        for call in (capture, cancel):
            with pytest.raises(Unavailable, match="The bank does not answer"):
                call()
        assert recorded() == State.AUTHORIZED
    assert capture().state == State.CAPTURED
    assert bank.entries(order_id) == ["authorize", "capture"]


def test_a_bank_that_is_a_little_slow_is_waited_for(bank, order_id, authorize, capture):
    with bank.ill(delaySeconds=0.3):
        assert authorize().state == State.AUTHORIZED
        assert capture().state == State.CAPTURED
    assert bank.entries(order_id) == ["authorize", "capture"]


def test_a_bank_that_is_slower_than_the_deadline_has_charged_and_charges_once(bank, order_id, authorize):
    with bank.ill(delaySeconds=2):
        started = time.monotonic()
        with pytest.raises(Unavailable):
            authorize(timeout=1)
        assert time.monotonic() - started < 2
    assert bank.entries(order_id) == ["authorize"]
    assert authorize().state == State.AUTHORIZED
    assert bank.entries(order_id) == ["authorize"]


def test_a_payment_of_a_slow_bank_that_is_cancelled_holds_nothing_back(bank, order_id, authorize, cancel):
    with bank.ill(delaySeconds=2), pytest.raises(Unavailable):
        authorize(timeout=1)
    assert cancel().state == State.VOIDED
    assert bank.entries(order_id) == ["authorize", "void"]


@pytest.mark.parametrize("share", [0.3, 0.8])
@pytest.mark.parametrize("_", range(5))
def test_a_flaky_bank_takes_the_money_once_however_often_it_is_asked(
    bank, order_id, authorize, capture, share, _
):
    with bank.ill(errorShare=share):
        assert insist(authorize).state == State.AUTHORIZED
        assert insist(capture).state == State.CAPTURED
    assert bank.entries(order_id) == ["authorize", "capture"]


@pytest.mark.parametrize("_", range(5))
def test_a_flaky_bank_gives_the_money_back_once(bank, order_id, authorize, capture, cancel, _):
    with bank.ill(errorShare=0.6):
        for call in (authorize, capture, cancel):
            insist(call)
    assert bank.entries(order_id) == ["authorize", "capture", "refund"]
