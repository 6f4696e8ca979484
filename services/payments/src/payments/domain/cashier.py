"""The cashier: leads payments to what the market wants, with the bank's help, and charges no order twice.

A payment is recorded before the bank is asked and after it has answered. No database lock is held in between:
what keeps two askers apart is the key of the step at the bank, and that a record changes only from the state
that it was read in.
"""

from typing import Protocol

from payments.domain.payments import Payment, PaymentNotFound, Wanted, checked_order_id
from payments.domain.steps import Goal, Outcome, Step, check_follows, next_step


class Bank(Protocol):
    """The bank, as the cashier needs it."""

    def do(self, step: Step, payment: Payment) -> Outcome:
        """Does the step once, however often it is asked for. Raises where the outcome stays unknown."""
        ...


class Records(Protocol):
    """What is remembered of payments."""

    def find(self, order_id: str) -> Payment | None:
        """The payment of the order."""
        ...

    def add(self, wanted: Wanted) -> Payment | None:
        """A new payment that is PENDING; None where the order has one."""
        ...

    def add_voided(self, order_id: str) -> Payment | None:
        """A payment that is VOIDED from the start; None where the order has one."""
        ...

    def change(self, payment: Payment, outcome: Outcome) -> Payment:
        """Records the outcome, unless the payment has changed meanwhile; returns it as it stands."""
        ...


class Cashier:
    """Every method may be repeated, and be called by several at once."""

    def __init__(self, records: Records, bank: Bank) -> None:
        self._records = records
        self._bank = bank

    def authorize(self, wanted: Wanted) -> Payment:
        """Holds the amount.

        Raises PaymentDiffers, PaymentVoided, CardDeclined, InsufficientFunds, PaymentTokenInvalid, and what
        the bank raises where the outcome stays unknown: the payment is then PENDING, to be asked for again.
        """
        payment = self._records.add(wanted)
        if payment is None:
            payment = self.payment(wanted.order_id)
            payment.check_same(wanted)
        return self._lead(payment, Goal.AUTHORIZE)

    def capture(self, order_id: str) -> Payment:
        """Takes what is held. Raises PaymentNotFound, PaymentNotAuthorized, and as the bank does."""
        return self._lead(self.payment(order_id), Goal.CAPTURE)

    def cancel(self, order_id: str) -> Payment:
        """Lets the amount go, or gives it back; an order without a payment can't be paid any more.

        Raises as the bank does.
        """
        checked_order_id(order_id)
        payment = self._records.find(order_id) or self._records.add_voided(order_id) or self.payment(order_id)
        return self._lead(payment, Goal.CANCEL)

    def payment(self, order_id: str) -> Payment:
        """The payment of the order. Raises PaymentNotFound."""
        payment = self._records.find(checked_order_id(order_id))
        if payment is None:
            raise PaymentNotFound("There is no payment of this order.")
        return payment

    def _lead(self, payment: Payment, goal: Goal) -> Payment:
        while (step := next_step(payment, goal)) is not None:
            outcome = self._bank.do(step, payment)
            check_follows(payment, outcome)
            payment = self._records.change(payment, outcome)
        return payment
