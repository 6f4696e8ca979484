"""Orders, payments and the bank's ledger: each completed order is paid once, no other order costs anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tools.audit.rules.rule import Problem, Rule, count, dollars
from tools.audit.snapshot import AUTHORIZE, CAPTURE, REFUND, VOID, Order, OrderLedger, Payment, Snapshot

_PAST_TENSE = {AUTHORIZE: "authorized", CAPTURE: "captured", VOID: "voided", REFUND: "refunded"}
_DEBIT_AND_CREDIT = {
    AUTHORIZE: ("cardholder", "holds"),
    CAPTURE: ("holds", "merchant"),
    VOID: ("holds", "cardholder"),
    REFUND: ("merchant", "cardholder"),
}
# The state that a payment must have after the bank's latest operation for it.
_PAYMENT_STATES = {AUTHORIZE: "AUTHORIZED", CAPTURE: "CAPTURED", VOID: "VOIDED", REFUND: "REFUNDED"}


def completed_orders(snapshot: Snapshot) -> Iterator[Problem]:
    """A completed order has one authorization and one capture of exactly its total, and nothing else."""
    for order in snapshot.completed:
        expected = {AUTHORIZE: [order.total_cents], CAPTURE: [order.total_cents]}
        for operation in _PAST_TENSE:
            if snapshot.ledger(order.id).amounts(operation) != expected.get(operation, []):
                amounts = _amounts(snapshot, order, operation)
                yield order.id, f"completed for {dollars(order.total_cents)}, but {amounts}"


def canceled_orders(snapshot: Snapshot) -> Iterator[Problem]:
    """No money of a canceled order is held or charged."""
    for order in snapshot.canceled:
        ledger = snapshot.ledger(order.id)
        if ledger.held_cents:
            yield order.id, f"canceled, but {dollars(ledger.held_cents)} still held"
        if ledger.charged_cents:
            yield order.id, f"canceled, but {dollars(ledger.charged_cents)} not refunded"
        yield from _repeated_operations(snapshot, order)


def unfinished_orders(snapshot: Snapshot) -> Iterator[Problem]:
    """An unfinished order has each operation at most once, and is not charged before it is confirmed."""
    for order in snapshot.unfinished:
        yield from _repeated_operations(snapshot, order)
        if not order.was_confirmed and snapshot.ledger(order.id).amounts(CAPTURE):
            yield order.id, f"not confirmed, but {_amounts(snapshot, order, CAPTURE)}"


def ledger(snapshot: Snapshot) -> Iterator[Problem]:
    """Each entry has an order and the right accounts, and the balances follow from the entries."""
    for entry in snapshot.entries:
        label = f"entry {entry.position} ({entry.operation}, {dollars(entry.amount_cents)})"
        if entry.reference not in snapshot.orders:
            yield entry.reference, f"{label} without an order"
        if (entry.debit, entry.credit) != _DEBIT_AND_CREDIT[entry.operation]:
            yield entry.reference, f"{label} is from {entry.debit} to {entry.credit}"
    if total := sum(snapshot.balances.values()):
        yield "balances", f"the sum of all balances is {dollars(total)}, not zero"
    for account, expected in _expected_balances(snapshot).items():
        if (actual := snapshot.balances.get(account, 0)) != expected:
            yield account, f"the balance is {dollars(actual)} instead of {dollars(expected)}"


def payments(snapshot: Snapshot) -> Iterator[Problem]:
    """A payment belongs to an order. If the order is finished, the payment matches the bank's ledger."""
    for order in snapshot.orders.values():
        if not order.is_finished:
            continue
        payment, bank = snapshot.payments.get(order.id), snapshot.ledger(order.id)
        if payment is not None:
            yield from ((order.id, text) for text in _differences(order, payment, bank))
        elif bank.entries or order.is_completed:
            yield order.id, f"{order.state}, but there is no payment"
    for order_id in snapshot.payments.keys() - snapshot.orders.keys():
        yield order_id, "a payment without an order"


def _differences(order: Order, payment: Payment, bank: OrderLedger) -> Iterator[str]:
    if not bank.entries:
        # The card was declined, or the order was canceled before its payment was requested.
        if payment.state != "DECLINED" and (payment.state, payment.amount_cents) != ("VOIDED", None):
            yield f"the payment is {payment.state}, but the bank has no entry"
        return
    bank_state = _PAYMENT_STATES[bank.last_operation]
    if payment.state != bank_state:
        yield f"the payment is {payment.state}, but {bank_state} at the bank"
    if payment.amount_cents not in bank.amounts(AUTHORIZE):
        amount = "missing" if payment.amount_cents is None else dollars(payment.amount_cents)
        yield f"the payment's amount is {amount}, but the bank has authorized another one"
    if payment.bank_reference not in {entry.authorization_id for entry in bank.entries}:
        yield "the payment's authorization is not the one at the bank"
    if payment.token != order.payment_token:
        yield "the payment's card is not the order's"


def _expected_balances(snapshot: Snapshot) -> dict[str, int]:
    """Only unfinished orders may have money held; the merchant has what is charged."""
    return {
        "holds": sum(snapshot.ledger(order.id).held_cents for order in snapshot.unfinished),
        "merchant": sum(ledger.charged_cents for ledger in snapshot.ledgers.values()),
    }


def _repeated_operations(snapshot: Snapshot, order: Order) -> Iterator[Problem]:
    for operation in _PAST_TENSE:
        if snapshot.ledger(order.id).amounts(operation) not in ([], [order.total_cents]):
            amounts = _amounts(snapshot, order, operation)
            yield order.id, f"the total is {dollars(order.total_cents)}, but {amounts}"


def _amounts(snapshot: Snapshot, order: Order, operation: str) -> str:
    amounts = snapshot.ledger(order.id).amounts(operation)
    return f"{' and '.join(map(dollars, amounts)) or 'nothing'} {_PAST_TENSE[operation]}"


def _totals(orders: Iterable[Order]) -> str:
    found = list(orders)
    return f"{count(len(found), 'order')}, {dollars(sum(order.total_cents for order in found))}"


def _held_and_charged(snapshot: Snapshot, orders: Iterable[Order]) -> str:
    ledgers = [snapshot.ledger(order.id) for order in orders]
    held, charged = sum(one.held_cents for one in ledgers), sum(one.charged_cents for one in ledgers)
    return f"bank: {dollars(held)} held, {dollars(charged)} charged"


def _completed_summary(snapshot: Snapshot) -> tuple[str, str]:
    captures = [cents for order in snapshot.completed for cents in snapshot.ledger(order.id).amounts(CAPTURE)]
    return _totals(snapshot.completed), f"bank: {count(len(captures), 'capture')}, {dollars(sum(captures))}"


def _canceled_summary(snapshot: Snapshot) -> tuple[str, str]:
    expected = f"{count(len(snapshot.canceled), 'order')}, nothing charged"
    return expected, _held_and_charged(snapshot, snapshot.canceled)


def _unfinished_summary(snapshot: Snapshot) -> tuple[str, str]:
    return _totals(snapshot.unfinished), _held_and_charged(snapshot, snapshot.unfinished)


def _ledger_summary(snapshot: Snapshot) -> tuple[str, str]:
    expected = sum(_expected_balances(snapshot).values())
    holds, merchant = snapshot.balances.get("holds", 0), snapshot.balances.get("merchant", 0)
    return (
        f"{count(len(snapshot.entries), 'entry', 'entries')}, {dollars(expected)}",
        f"bank: {dollars(holds)} held, {dollars(merchant)} charged",
    )


def _payments_summary(snapshot: Snapshot) -> tuple[str, str]:
    captured = [p.amount_cents or 0 for p in snapshot.payments.values() if p.state == "CAPTURED"]
    charged = [ledger.charged_cents for ledger in snapshot.ledgers.values() if ledger.charged_cents]
    return (
        f"{len(charged):,} charged, {dollars(sum(charged))}",
        f"payments: {len(captured):,}, {dollars(sum(captured))}",
    )


RULES = (
    Rule("completed: money", completed_orders, _completed_summary),
    Rule("canceled: money", canceled_orders, _canceled_summary),
    Rule("unfinished: money", unfinished_orders, _unfinished_summary),
    Rule("ledger", ledger, _ledger_summary),
    Rule("payments", payments, _payments_summary),
)
