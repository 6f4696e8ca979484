"""Orders and recommendations: each confirmed order was learned from once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import permutations

from tools.audit.books import Books
from tools.audit.rules.findings import Rule, Trouble, count

# A service forgets after 14 days which events it has handled; an order as old as that is taken as learned.
_REMEMBERED = timedelta(days=13)


def lessons(books: Books) -> Iterator[Trouble]:
    """Each confirmed order was learned from, no other was, and the counts are what comes of that."""
    confirmed = {order.id for order in books.orders.values() if order.was_confirmed}
    for order_id in confirmed - _learned(books):
        yield order_id, "confirmed, but not learned from"
    for order_id in books.lessons.learned - confirmed:
        yield order_id, "learned from, but never confirmed"
    sold, pairs = _expected(books)
    for product in sold.keys() | books.lessons.sold.keys():
        if (there := books.lessons.sold.get(product, 0)) != sold[product]:
            yield product, f"counted in {count(there, 'order')} instead of {sold[product]:,}"
    for pair in pairs.keys() | books.lessons.pairs.keys():
        if (there := books.lessons.pairs.get(pair, 0)) != pairs[pair]:
            yield " + ".join(pair), f"counted together in {count(there, 'order')} instead of {pairs[pair]:,}"


def _learned(books: Books) -> set[str]:
    """The orders that were learned from, as far as it is known."""
    old = {
        order.id
        for order in books.orders.values()
        if order.confirm_time and books.time - order.confirm_time > _REMEMBERED
    }
    return old | books.lessons.learned


def _expected(books: Books) -> tuple[Counter[str], Counter[tuple[str, str]]]:
    sold: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    for basket in _baskets(books):
        sold.update(basket)
        pairs.update(permutations(basket, 2))
    return sold, pairs


def _baskets(books: Books) -> Iterator[Iterable[str]]:
    """What was learned from: the products of each order, each once."""
    yield from books.lessons.seed
    for order_id in _learned(books) & books.orders.keys():
        yield books.orders[order_id].pieces.keys()


def _sides(books: Books) -> tuple[str, str]:
    confirmed = sum(order.was_confirmed for order in books.orders.values())
    expected, _ = _expected(books)
    counted = sum(books.lessons.sold.values())
    return (
        f"{count(confirmed, 'order')} + seed, {expected.total():,} lines",
        f"learned: {count(len(_learned(books)), 'order')}, {counted:,} lines",
    )


RULES = (Rule("recommendations", lessons, _sides),)
