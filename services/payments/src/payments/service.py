"""The use cases of payments: each order is charged at most once, however often a call is repeated.

A payment is recorded before the bank is called and again after the bank has answered. No database lock is held in
between, because the bank may be slow. Two other things keep concurrent calls apart: the idempotency key that each
step has at the bank, and the rule that a record changes only from the state in which it was read.
"""

from nightmarket.limits import check_order_id
from payments.clients import BankClient
from payments.domain.payments import Payment, PaymentNotFound, PaymentRequest
from payments.domain.steps import Goal, check_outcome, next_step
from payments.store import Store


class PaymentService:
    """Authorizes, captures and cancels payments. Every method can be repeated, and called concurrently."""

    def __init__(self, store: Store, bank: BankClient) -> None:
        self._store = store
        self._bank = bank

    def authorize(self, request: PaymentRequest) -> Payment:
        """Hold the amount.

        Raises PaymentDiffers, PaymentVoided, CardDeclined, InsufficientFunds, PaymentTokenInvalid, and Unavailable if
        the outcome is unknown. The payment then stays PENDING, and the caller repeats the call.
        """
        payment = self._store.add(request)
        if payment is None:
            payment = self.payment(request.order_id)
            payment.check_matches(request)
        return self._advance(payment, Goal.AUTHORIZE)

    def capture(self, order_id: str) -> Payment:
        """Capture the held amount. Raises PaymentNotFound, PaymentNotAuthorized and Unavailable."""
        return self._advance(self.payment(order_id), Goal.CAPTURE)

    def cancel(self, order_id: str) -> Payment:
        """Void or refund the payment. An order without a payment cannot be paid from now on. Raises Unavailable."""
        check_order_id(order_id)
        payment = self._store.find(order_id) or self._store.add_voided(order_id) or self.payment(order_id)
        return self._advance(payment, Goal.CANCEL)

    def payment(self, order_id: str) -> Payment:
        """Return the payment of the order. Raises PaymentNotFound."""
        payment = self._store.find(check_order_id(order_id))
        if payment is None:
            raise PaymentNotFound("There is no payment for this order.")
        return payment

    def _advance(self, payment: Payment, goal: Goal) -> Payment:
        # The record is read again after each step: a concurrent call may have taken it to a state from which another
        # step, or none, leads to the goal.
        while (step := next_step(payment, goal)) is not None:
            outcome = self._bank.do(step, payment)
            check_outcome(payment, outcome)
            payment = self._store.change(payment, outcome)
        return payment
