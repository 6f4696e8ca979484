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


def asked(order_id, card="tok_visa"):
    return wire.AuthorizeRequest(order_id=order_id, amount=money.to_wire(1999), payment_token=card)


def recorded(payments, order_id):
    return payments.GetPayment(wire.GetPaymentRequest(order_id=order_id)).state


def test_a_lost_answer_is_looked_up(payments, bank, order_id):
    assert payments.Authorize(asked(order_id, "tok_lost_answer")).state == State.AUTHORIZED
    assert bank.entries(order_id) == ["authorize"]


def test_an_answer_that_is_too_late_is_looked_up_before_the_deadline(payments, bank, order_id):
    started = time.monotonic()
    answer = payments.Authorize(asked(order_id, "tok_slow"), timeout=1.0)
    assert time.monotonic() - started < SLOW_SECONDS
    assert answer.state == State.AUTHORIZED
    assert bank.entries(order_id) == ["authorize"]


def test_a_slow_bank_is_waited_for_where_there_is_time(payments, order_id):
    assert payments.Authorize(asked(order_id, "tok_slow"), timeout=10).state == State.AUTHORIZED


def test_while_the_bank_is_down_payments_wait_and_go_on_when_it_is_back(make_bank, start_payments, order_id):
    bank = make_bank()
    with start_payments(bank.url) as payments:
        with pytest.raises(Unavailable) as refused:
            payments.Authorize(asked(order_id))
        assert refused.value.reason == "BANK_UNAVAILABLE"
        assert recorded(payments, order_id) == State.PENDING
        with bank.running():
            assert payments.Authorize(asked(order_id)).state == State.AUTHORIZED
        for call in (
            lambda: payments.Capture(wire.CaptureRequest(order_id=order_id)),
            lambda: payments.Cancel(wire.CancelRequest(order_id=order_id)),
        ):
            with pytest.raises(Unavailable):
                call()
        assert recorded(payments, order_id) == State.AUTHORIZED


def test_a_hanging_bank_leaves_payments_pending_and_a_cancellation_holds_nothing_back(
    make_bank, start_payments, order_id
):
    bank = make_bank()
    with bank.running() as process, start_payments(bank.url) as payments:
        with hanging(process), pytest.raises(Unavailable) as refused:
            payments.Authorize(asked(order_id), timeout=0.5)
        assert refused.value.reason in ("BANK_UNAVAILABLE", "UPSTREAM_UNAVAILABLE")
        assert payments.Cancel(wire.CancelRequest(order_id=order_id)).state == State.VOIDED
        assert bank.entries(order_id) == ["authorize", "void"]


def test_payments_survive_a_bank_that_restarts(make_bank, start_payments, order_id):
    bank = make_bank()
    with start_payments(bank.url) as payments:
        with bank.running():
            payments.Authorize(asked(order_id))
        with bank.running():
            assert payments.Capture(wire.CaptureRequest(order_id=order_id)).state == State.CAPTURED
            assert bank.entries(order_id) == ["authorize", "capture"]
