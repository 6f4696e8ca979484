"""The gRPC service of payments: wire <-> domain."""

from grpc import ServicerContext

from chassis import money
from chassis.errors import Conflict, Invalid, NotFound, Refusals, Refused
from nightmarket.payments.v1 import payments_pb2 as wire
from nightmarket.payments.v1.payments_pb2_grpc import PaymentsServiceServicer
from payments.domain.cashier import Cashier
from payments.domain.payments import (
    AmountInvalid,
    CardDeclined,
    InsufficientFunds,
    OrderIdInvalid,
    Payment,
    PaymentDiffers,
    PaymentNotAuthorized,
    PaymentNotFound,
    PaymentTokenInvalid,
    PaymentVoided,
    Wanted,
)

REFUSALS: Refusals = {
    OrderIdInvalid: Invalid,
    AmountInvalid: Invalid,
    PaymentTokenInvalid: Invalid,
    CardDeclined: Refused,
    InsufficientFunds: Refused,
    PaymentVoided: Refused,
    PaymentNotAuthorized: Refused,
    PaymentDiffers: Conflict,
    PaymentNotFound: NotFound,
}


class PaymentsApi(PaymentsServiceServicer):
    """Answers nightmarket.payments.v1.PaymentsService."""

    def __init__(self, cashier: Cashier) -> None:
        self._cashier = cashier

    def Authorize(self, request: wire.AuthorizeRequest, context: ServicerContext) -> wire.Payment:
        amount = money.from_wire(request.amount)
        return _payment(self._cashier.authorize(Wanted(request.order_id, amount, request.payment_token)))

    def Capture(self, request: wire.CaptureRequest, context: ServicerContext) -> wire.Payment:
        return _payment(self._cashier.capture(request.order_id))

    def Cancel(self, request: wire.CancelRequest, context: ServicerContext) -> wire.Payment:
        return _payment(self._cashier.cancel(request.order_id))

    def GetPayment(self, request: wire.GetPaymentRequest, context: ServicerContext) -> wire.Payment:
        return _payment(self._cashier.payment(request.order_id))


def _payment(payment: Payment) -> wire.Payment:
    return wire.Payment(
        order_id=payment.order_id,
        state=payment.state.value,
        amount=None if payment.amount_cents is None else money.to_wire(payment.amount_cents),
        bank_reference=payment.bank_reference,
        decline_reason=payment.decline_reason,
        create_time=payment.create_time,
    )
