"""How many pieces are left, as buyers want to know it."""

from dataclasses import dataclass
from enum import StrEnum

FEW = 5
MOST_AT_ONCE = 99


class Level(StrEnum):
    """What matters about a stock."""

    UNKNOWN = "unknown"
    SOLD_OUT = "sold-out"
    FEW = "few"
    PLENTY = "plenty"


@dataclass(frozen=True, slots=True)
class Stock:
    """A product's stock; `pieces` is None where nobody knows."""

    pieces: int | None

    @property
    def level(self) -> Level:
        """What to tell the buyer."""
        if self.pieces is None:
            return Level.UNKNOWN
        if self.pieces <= 0:
            return Level.SOLD_OUT
        return Level.FEW if self.pieces <= FEW else Level.PLENTY

    @property
    def most(self) -> int:
        """How many pieces may be put into a basket at once; an unknown stock keeps nobody from buying."""
        return MOST_AT_ONCE if self.pieces is None else min(self.pieces, MOST_AT_ONCE)
