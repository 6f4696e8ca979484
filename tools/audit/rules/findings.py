"""What a rule is, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tools.audit.books import Books

Trouble = tuple[str, str]  # the offending id, and what is wrong with it, in a sentence


@dataclass(frozen=True)
class Finding:
    """Something that is not as it must be. The same trouble has the same `text` in every reading."""

    rule: str
    id: str
    text: str


@dataclass(frozen=True)
class Rule:
    """What must hold: `sides` tells in figures what is expected of the one store and found in the other."""

    name: str
    look: Callable[[Books], Iterable[Trouble]]
    sides: Callable[[Books], tuple[str, str]]

    def findings(self, books: Books) -> list[Finding]:
        """All that is not as it must be, in the order of the ids."""
        return [Finding(self.name, about, text) for about, text in sorted(self.look(books))]


def dollars(cents: int) -> str:
    """1999 -> $19.99."""
    return f"{'-' if cents < 0 else ''}${abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def count(number: int, one: str, many: str = "") -> str:
    """1 order, 2,000 orders."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
