"""Events: all have left, and all took effect."""

from __future__ import annotations

from collections.abc import Iterator

from tools.audit.books import Books
from tools.audit.rules.findings import Rule, Trouble, count


def outboxes(books: Books) -> Iterator[Trouble]:
    """No event waits to be sent."""
    for service, waiting in books.outboxes.items():
        for event_id in waiting:
            yield event_id, f"the event is still in the outbox of {service}"


def dead_letters(books: Books) -> Iterator[Trouble]:
    """No event is set aside: its effect is missing."""
    for service, letters in books.dead_letters.items():
        if letters:
            yield service, f"{count(letters, 'event')} could not be handled: make dead-letters"


def _outbox_sides(books: Books) -> tuple[str, str]:
    waiting = sum(map(len, books.outboxes.values()))
    return "no event waits", f"{' and '.join(sorted(books.outboxes))}: {waiting:,} waiting"


def _dead_sides(books: Books) -> tuple[str, str]:
    return "no event is set aside", f"broker: {sum(books.dead_letters.values()):,} set aside"


RULES = (Rule("outboxes", outboxes, _outbox_sides), Rule("dead letters", dead_letters, _dead_sides))
