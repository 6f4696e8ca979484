"""Orders and the bank's ledger: each sold order is paid once, and nothing is kept of any other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tools.audit.books import AUTHORIZE, CAPTURE, REFUND, VOID, Books, Order
from tools.audit.rules.findings import Rule, Trouble, count, dollars

_DONE = {AUTHORIZE: "authorised", CAPTURE: "captured", VOID: "voided", REFUND: "refunded"}
_ACCOUNTS = {
    AUTHORIZE: ("cardholder", "holds"),
    CAPTURE: ("holds", "merchant"),
    VOID: ("holds", "cardholder"),
    REFUND: ("merchant", "cardholder"),
}


def sold_orders(books: Books) -> Iterator[Trouble]:
    """A sold order has one authorisation and one capture, each of exactly its total, and nothing was given back."""
    for order in books.sold:
        wanted = {AUTHORIZE: [order.total_cents], CAPTURE: [order.total_cents]}
        for operation in _DONE:
            if books.at_the_bank(order.id).amounts(operation) != wanted.get(operation, []):
                yield (
                    order.id,
                    f"sold for {dollars(order.total_cents)}, but {_amounts(books, order, operation)}",
                )


def cancelled_orders(books: Books) -> Iterator[Trouble]:
    """A cancelled order holds and keeps no money."""
    for order in books.undone:
        position = books.at_the_bank(order.id)
        if position.held_cents:
            yield order.id, f"cancelled, but {dollars(position.held_cents)} are still held"
        if position.taken_cents:
            yield order.id, f"cancelled, but {dollars(position.taken_cents)} are kept"
        yield from _repeated(books, order)


def unfinished_orders(books: Books) -> Iterator[Trouble]:
    """An order with steps left has each operation at most once, and is not charged before it is confirmed."""
    for order in books.unfinished:
        yield from _repeated(books, order)
        if not order.was_confirmed and books.at_the_bank(order.id).amounts(CAPTURE):
            yield order.id, f"not confirmed, but {_amounts(books, order, CAPTURE)}"


def ledger(books: Books) -> Iterator[Trouble]:
    """Each entry is of a known order and between the right accounts, and the balances are what they must be."""
    for entry in books.entries:
        told = f"entry {entry.position} ({entry.operation}, {dollars(entry.amount_cents)})"
        if entry.reference not in books.orders:
            yield entry.reference, f"{told} is of no order"
        if (entry.debit, entry.credit) != _ACCOUNTS[entry.operation]:
            yield entry.reference, f"{told} goes from {entry.debit} to {entry.credit}"
    if total := sum(books.balances.values()):
        yield "balances", f"all balances together are {dollars(total)}, not zero"
    for account, cents in _expected_balances(books).items():
        if books.balances.get(account, 0) != cents:
            yield (
                account,
                f"the balance is {dollars(books.balances.get(account, 0))} instead of {dollars(cents)}",
            )


def _expected_balances(books: Books) -> dict[str, int]:
    """Only orders that are not finished may have money held."""
    return {
        "holds": sum(books.at_the_bank(order.id).held_cents for order in books.unfinished),
        "merchant": sum(books.at_the_bank(reference).taken_cents for reference in books.positions),
    }


def _repeated(books: Books, order: Order) -> Iterator[Trouble]:
    for operation in _DONE:
        if books.at_the_bank(order.id).amounts(operation) not in ([], [order.total_cents]):
            yield (
                order.id,
                f"its total is {dollars(order.total_cents)}, but {_amounts(books, order, operation)}",
            )


def _amounts(books: Books, order: Order, operation: str) -> str:
    amounts = books.at_the_bank(order.id).amounts(operation)
    return f"{' and '.join(map(dollars, amounts)) or 'nothing'} {_DONE[operation]}"


def _sums(orders: Iterable[Order]) -> str:
    found = list(orders)
    return f"{count(len(found), 'order')}, {dollars(sum(order.total_cents for order in found))}"


def _sold_sides(books: Books) -> tuple[str, str]:
    captures = [cents for order in books.sold for cents in books.at_the_bank(order.id).amounts(CAPTURE)]
    return _sums(books.sold), f"bank: {count(len(captures), 'capture')}, {dollars(sum(captures))}"


def _cancelled_sides(books: Books) -> tuple[str, str]:
    return f"{count(len(books.undone), 'order')}, nothing kept", _bank_side(books, books.undone)


def _unfinished_sides(books: Books) -> tuple[str, str]:
    return _sums(books.unfinished), _bank_side(books, books.unfinished)


def _bank_side(books: Books, orders: Iterable[Order]) -> str:
    positions = [books.at_the_bank(order.id) for order in orders]
    held, taken = sum(p.held_cents for p in positions), sum(p.taken_cents for p in positions)
    return f"bank: {dollars(held)} held, {dollars(taken)} taken"


def _ledger_sides(books: Books) -> tuple[str, str]:
    expected = _expected_balances(books)
    holds, merchant = books.balances.get("holds", 0), books.balances.get("merchant", 0)
    return (
        f"{count(len(books.entries), 'entry', 'entries')}, {dollars(sum(expected.values()))}",
        f"bank: {dollars(holds)} held, {dollars(merchant)} taken",
    )


RULES = (
    Rule("sold: money", sold_orders, _sold_sides),
    Rule("cancelled: money", cancelled_orders, _cancelled_sides),
    Rule("unfinished: money", unfinished_orders, _unfinished_sides),
    Rule("ledger", ledger, _ledger_sides),
)
