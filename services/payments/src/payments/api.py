"""The gRPC service of payments: the translation between wire and domain."""

from grpc import ServicerContext

from chassis import money
from chassis.errors import Conflict, ErrorMap, FailedPrecondition, Invalid, NotFound
from nightmarket.limits import OrderIdInvalid
from nightmarket.payments.v1 import payments_pb2 as wire
from nightmarket.payments.v1.payments_pb2_grpc import PaymentsServiceServicer
from payments.domain.payments import (
    AmountInvalid,
    CardDeclined,
    InsufficientFunds,
    Payment,
    PaymentDiffers,
    PaymentNotAuthorized,
    PaymentNotFound,
    PaymentRequest,
    PaymentTokenInvalid,
    PaymentVoided,
)
from payments.service import PaymentService

ERROR_MAP: ErrorMap = {
    OrderIdInvalid: Invalid,
    AmountInvalid: Invalid,
    PaymentTokenInvalid: Invalid,
    CardDeclined: FailedPrecondition,
    InsufficientFunds: FailedPrecondition,
    PaymentVoided: FailedPrecondition,
    PaymentNotAuthorized: FailedPrecondition,
    PaymentDiffers: Conflict,
    PaymentNotFound: NotFound,
}


class PaymentsApi(PaymentsServiceServicer):
    """Implements nightmarket.payments.v1.PaymentsService."""

    def __init__(self, payments: PaymentService) -> None:
        self._payments = payments

    def Authorize(self, request: wire.AuthorizeRequest, context: ServicerContext) -> wire.Payment:
        amount_cents = money.from_wire(request.amount)
        wanted = PaymentRequest(request.order_id, amount_cents, request.payment_token)
        return _payment(self._payments.authorize(wanted))

    def Capture(self, request: wire.CaptureRequest, context: ServicerContext) -> wire.Payment:
        return _payment(self._payments.capture(request.order_id))

    def Cancel(self, request: wire.CancelRequest, context: ServicerContext) -> wire.Payment:
        return _payment(self._payments.cancel(request.order_id))

    def GetPayment(self, request: wire.GetPaymentRequest, context: ServicerContext) -> wire.Payment:
        return _payment(self._payments.payment(request.order_id))


def _payment(payment: Payment) -> wire.Payment:
    return wire.Payment(
        order_id=payment.order_id,
        state=payment.state.value,
        amount=None if payment.amount_cents is None else money.to_wire(payment.amount_cents),
        bank_reference=payment.bank_reference,
        decline_reason=payment.decline_reason,
        create_time=payment.create_time,
    )
