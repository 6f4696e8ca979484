import time
import uuid

import pytest

from chassis import money
from chassis.errors import Unavailable
from nightmarket.payments.v1 import payments_pb2 as wire
from services.payments.tests.service.conftest import SLOW_SECONDS, hanging

State = wire.Payment.State


@pytest.fixture
def order_id():
    return str(uuid.uuid4())


def request(order_id, card="tok_visa"):
    return wire.AuthorizeRequest(order_id=order_id, amount=money.to_wire(1999), payment_token=card)


def recorded(payments, order_id):
    return payments.GetPayment(wire.GetPaymentRequest(order_id=order_id)).state


def test_a_lost_response_is_looked_up(payments, bank, order_id):
    assert payments.Authorize(request(order_id, "tok_lost_answer")).state == State.AUTHORIZED
    assert bank.entries(order_id) == ["authorize"]


def test_a_late_response_is_looked_up_before_the_deadline(payments, bank, order_id):
    started = time.monotonic()
    answer = payments.Authorize(request(order_id, "tok_slow"), timeout=1.0)
    assert time.monotonic() - started < SLOW_SECONDS
    assert answer.state == State.AUTHORIZED
    assert bank.entries(order_id) == ["authorize"]


def test_a_slow_response_is_awaited_if_the_deadline_allows_it(payments, order_id):
    assert payments.Authorize(request(order_id, "tok_slow"), timeout=10).state == State.AUTHORIZED


def test_payments_continue_after_an_outage_of_the_bank(make_bank, start_payments, order_id):
    bank = make_bank()
    with start_payments(bank.url) as payments:
        with pytest.raises(Unavailable) as error:
            payments.Authorize(request(order_id))
        assert error.value.reason == "BANK_UNAVAILABLE"
        assert recorded(payments, order_id) == State.PENDING
        with bank.running():
            assert payments.Authorize(request(order_id)).state == State.AUTHORIZED
        for call in (
            lambda: payments.Capture(wire.CaptureRequest(order_id=order_id)),
            lambda: payments.Cancel(wire.CancelRequest(order_id=order_id)),
        ):
            with pytest.raises(Unavailable):
                call()
        assert recorded(payments, order_id) == State.AUTHORIZED


def test_a_payment_at_a_hanging_bank_can_be_canceled_later(make_bank, start_payments, order_id):
    bank = make_bank()
    with bank.running() as process, start_payments(bank.url) as payments:
        with hanging(process), pytest.raises(Unavailable) as error:
            payments.Authorize(request(order_id), timeout=0.5)
        assert error.value.reason in ("BANK_UNAVAILABLE", "UPSTREAM_UNAVAILABLE")
        assert payments.Cancel(wire.CancelRequest(order_id=order_id)).state == State.VOIDED
        assert bank.entries(order_id) == ["authorize", "void"]


def test_payments_continue_after_a_restart_of_the_bank(make_bank, start_payments, order_id):
    bank = make_bank()
    with start_payments(bank.url) as payments:
        with bank.running():
            payments.Authorize(request(order_id))
        with bank.running():
            assert payments.Capture(wire.CaptureRequest(order_id=order_id)).state == State.CAPTURED
            assert bank.entries(order_id) == ["authorize", "capture"]
