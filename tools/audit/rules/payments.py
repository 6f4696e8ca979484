"""Payments and the bank's ledger: what the market believes is what the bank has done."""

from __future__ import annotations

from collections.abc import Iterator

from tools.audit.books import AUTHORIZE, CAPTURE, REFUND, VOID, Books, Order, Payment, Position
from tools.audit.rules.findings import Rule, Trouble, dollars

# What a payment must be called after the last thing that the bank did for it.
_STATES = {AUTHORIZE: "AUTHORIZED", CAPTURE: "CAPTURED", VOID: "VOIDED", REFUND: "REFUNDED"}


def payments(books: Books) -> Iterator[Trouble]:
    """A payment is of a known order, and, where the order has nothing left to do, as the bank has it."""
    for order in books.orders.values():
        payment, position = books.payments.get(order.id), books.at_the_bank(order.id)
        if not order.is_finished:
            continue
        if payment is not None:
            yield from ((order.id, text) for text in _differences(order, payment, position))
        elif position.entries or order.is_sold:
            yield order.id, f"{order.state}, but there is no payment"
    for order_id in books.payments.keys() - books.orders.keys():
        yield order_id, "a payment of no order"


def _differences(order: Order, payment: Payment, position: Position) -> Iterator[str]:
    if not position.entries:
        # A card that was refused, or an order that was cancelled before its payment was asked for.
        if payment.state != "DECLINED" and (payment.state, payment.amount_cents) != ("VOIDED", None):
            yield f"the payment is {payment.state}, but the bank has moved nothing"
        return
    if payment.state != _STATES[position.last]:
        yield f"the payment is {payment.state}, but the bank has it {_STATES[position.last]}"
    if payment.amount_cents not in position.amounts(AUTHORIZE):
        yield f"the payment is of {_amount(payment)}, but the bank has authorised another amount"
    if payment.bank_reference not in {entry.authorization_id for entry in position.entries}:
        yield "the payment names another authorisation than the bank"
    if payment.token != order.payment_token:
        yield "the payment is with another card than the order"


def _amount(payment: Payment) -> str:
    return "nothing" if payment.amount_cents is None else dollars(payment.amount_cents)


def _sides(books: Books) -> tuple[str, str]:
    captured = [p.amount_cents or 0 for p in books.payments.values() if p.state == "CAPTURED"]
    taken = [p.taken_cents for p in books.positions.values() if p.taken_cents]
    return (
        f"{len(taken):,} charged, {dollars(sum(taken))}",
        f"payments: {len(captured):,}, {dollars(sum(captured))}",
    )


RULES = (Rule("payments", payments, _sides),)
