import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from chassis import context, money
from chassis.errors import AppError, Conflict, FailedPrecondition, Invalid, NotFound
from nightmarket.payments.v1 import payments_pb2 as wire

State = wire.Payment.State


@pytest.fixture
def order_id():
    return str(uuid.uuid4())


def request(order_id, card="tok_visa", cents=1999):
    return wire.AuthorizeRequest(order_id=order_id, amount=money.to_wire(cents), payment_token=card)


def test_an_order_is_paid(payments, bank, order_id):
    held = payments.Authorize(request(order_id))
    taken = payments.Capture(wire.CaptureRequest(order_id=order_id))
    assert (held.state, taken.state) == (State.AUTHORIZED, State.CAPTURED)
    assert held.bank_reference.startswith("auth_")
    assert money.from_wire(taken.amount) == 1999
    assert bank.entries(order_id) == ["authorize", "capture"]


def test_every_call_can_be_repeated(payments, bank, order_id):
    for _ in range(2):
        payments.Authorize(request(order_id))
        payments.Capture(wire.CaptureRequest(order_id=order_id))
    for _ in range(2):
        payments.Cancel(wire.CancelRequest(order_id=order_id))
    assert bank.entries(order_id) == ["authorize", "capture", "refund"]


def test_a_hold_is_voided(payments, bank, order_id):
    payments.Authorize(request(order_id))
    assert payments.Cancel(wire.CancelRequest(order_id=order_id)).state == State.VOIDED
    assert bank.entries(order_id) == ["authorize", "void"]


def test_a_payment_can_be_read(payments, order_id):
    made = payments.Authorize(request(order_id))
    assert payments.GetPayment(wire.GetPaymentRequest(order_id=order_id)) == made


def test_concurrent_authorizations_charge_an_order_once(payments, bank, order_id):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: payments.Authorize(request(order_id)), range(24)))
    assert len({answer.SerializeToString(deterministic=True) for answer in answers}) == 1
    assert bank.entries(order_id) == ["authorize"]


def test_concurrent_captures_and_cancellations_leave_no_charge(payments, bank, order_id):
    payments.Authorize(request(order_id))

    def one(number):
        try:
            if number % 2:
                return payments.Capture(wire.CaptureRequest(order_id=order_id)).state
            return payments.Cancel(wire.CancelRequest(order_id=order_id)).state
        except FailedPrecondition as error:
            return error.reason

    with ThreadPoolExecutor(8) as pool:
        ends = set(pool.map(one, range(8)))
    assert ends <= {State.CAPTURED, State.VOIDED, State.REFUNDED, "PAYMENT_NOT_AUTHORIZED"}
    assert bank.entries(order_id)[1:] in (["void"], ["capture", "refund"])


@pytest.mark.parametrize(
    ("card", "kind", "reason"),
    [
        ("tok_declined", FailedPrecondition, "CARD_DECLINED"),
        ("tok_insufficient_funds", FailedPrecondition, "INSUFFICIENT_FUNDS"),
        ("tok_of_no_card", Invalid, "PAYMENT_TOKEN_INVALID"),
    ],
)
def test_a_card_that_cannot_pay_is_rejected_each_time_and_recorded(payments, order_id, card, kind, reason):
    for _ in range(2):
        with pytest.raises(kind) as error:
            payments.Authorize(request(order_id, card))
        assert error.value.reason == reason
    recorded = payments.GetPayment(wire.GetPaymentRequest(order_id=order_id))
    assert (recorded.state, recorded.decline_reason) == (State.DECLINED, reason)


def test_a_declined_payment_can_be_canceled_and_stays_declined(payments, order_id):
    with pytest.raises(FailedPrecondition):
        payments.Authorize(request(order_id, "tok_declined"))
    assert payments.Cancel(wire.CancelRequest(order_id=order_id)).state == State.DECLINED


def test_an_order_that_was_canceled_first_cannot_be_paid_later(payments, bank, order_id):
    voided = payments.Cancel(wire.CancelRequest(order_id=order_id))
    assert (voided.state, voided.HasField("amount")) == (State.VOIDED, False)
    with pytest.raises(FailedPrecondition) as error:
        payments.Authorize(request(order_id))
    assert error.value.reason == "PAYMENT_VOIDED"
    assert bank.entries(order_id) == []


def test_money_that_is_not_held_cannot_be_captured(payments, order_id):
    payments.Cancel(wire.CancelRequest(order_id=order_id))
    with pytest.raises(FailedPrecondition) as error:
        payments.Capture(wire.CaptureRequest(order_id=order_id))
    assert error.value.reason == "PAYMENT_NOT_AUTHORIZED"


@pytest.mark.parametrize("other", [{"cents": 2000}, {"card": "tok_mastercard"}])
def test_a_different_payment_of_the_same_order_is_rejected(payments, order_id, other):
    payments.Authorize(request(order_id))
    with pytest.raises(Conflict) as error:
        payments.Authorize(request(order_id, **other))
    assert error.value.reason == "PAYMENT_DIFFERS"


@pytest.mark.parametrize("method", ["Capture", "GetPayment"])
def test_an_order_without_a_payment_is_not_found(payments, order_id, method):
    with pytest.raises(NotFound) as error:
        getattr(payments, method)(getattr(wire, f"{method}Request")(order_id=order_id))
    assert error.value.reason == "PAYMENT_NOT_FOUND"


@pytest.mark.parametrize("method", ["Capture", "Cancel", "GetPayment"])
@pytest.mark.parametrize("unlikely", ["", "\0", "a b", "x" * 5000])
def test_an_invalid_order_id_is_rejected(payments, method, unlikely):
    with pytest.raises(Invalid) as error:
        getattr(payments, method)(getattr(wire, f"{method}Request")(order_id=unlikely))
    assert error.value.reason == "ORDER_ID_INVALID"


BIG = 2**63 - 1


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"order_id": "a\0"}, "ORDER_ID_INVALID"),
        ({"payment_token": "\0"}, "PAYMENT_TOKEN_INVALID"),
        ({"payment_token": "x" * 5000}, "PAYMENT_TOKEN_INVALID"),
        ({"amount": None}, "AMOUNT_INVALID"),
        ({"amount": {"currency_code": "USD"}}, "AMOUNT_INVALID"),
        ({"amount": {"currency_code": "USD", "units": -1}}, "AMOUNT_INVALID"),
        ({"amount": {"currency_code": "USD", "units": BIG}}, "AMOUNT_INVALID"),
        ({"amount": {"currency_code": "USD", "nanos": 1}}, "AMOUNT_INVALID"),
        ({"amount": {"currency_code": "EUR", "units": 1}}, "AMOUNT_INVALID"),
    ],
)
def test_an_invalid_payment_is_rejected_with_a_reason(payments, order_id, wrong, reason):
    good = {"order_id": order_id, "amount": money.to_wire(1), "payment_token": "tok_visa"}
    with pytest.raises(Invalid) as error:
        payments.Authorize(wire.AuthorizeRequest(**{**good, **wrong}))
    assert error.value.reason == reason


def test_the_bank_gets_the_trace_and_the_request_id_but_not_the_account(payments, bank, order_id):
    trace_id, request_id = uuid.uuid4().hex, str(uuid.uuid4())
    headers = {
        context.TRACEPARENT: f"00-{trace_id}-00f067aa0ba902b7-01",
        context.REQUEST_ID: request_id,
        context.ACCOUNT_ID: "ada",
    }
    with context.use_context(context.RequestContext(headers)), pytest.raises(AppError):
        payments.Authorize(request(order_id, "tok_declined"))
    (line,) = bank.logged(request_id)
    assert trace_id in line
