"""When which fault happens: a pure function of a seed, so that a run can be repeated."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

LANES = 2  # so many faults at a time, at most
T = TypeVar("T")
_LEAD, _TAIL = 1.0, 1.0  # seconds at both ends without a fault
_SHORTEST, _LONGEST = 0.2, 8.0  # seconds that a fault lasts
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.3, 4.0  # seconds between two faults of a lane


class Kind(StrEnum):
    """What can happen; the values stand in the table."""

    KILL = "kill"
    KILL_BACKEND = "kill a backend of"
    STOP = "stop"
    CUT = "cut"
    DELAY = "delay"
    DELIVER_LATE = "deliver late"
    SILENCE = "silence"
    LOSE_ANSWERS = "lose answers"
    FILL = "fill"
    SLOW = "slow"
    DOWN = "down"
    FLAKY = "flaky"


# How often a kind comes in a round besides the once that every kind does.
_MORE = (Kind.KILL, Kind.STOP, Kind.CUT, Kind.SILENCE, Kind.LOSE_ANSWERS, Kind.LOSE_ANSWERS)


@dataclass(frozen=True)
class Fault:
    """One fault: it begins ``start`` seconds after the first shopper and lasts ``duration`` seconds."""

    start: float
    duration: float
    kind: Kind
    target: str

    @property
    def end(self) -> float:
        """When it is healed."""
        return self.start + self.duration


def schedule(seed: int, seconds: float, targets: Mapping[Kind, Sequence[str]]) -> list[Fault]:
    """The faults of so many seconds, by their start. Two may overlap, but not at one target; all end before.

    Every kind that has targets comes once in a round, some more often; within a kind, every target comes once
    before one comes again.
    """
    chance = random.Random(seed)
    deck, faults, free = _Deck(chance, targets), list[Fault](), [_LEAD] * LANES
    while (start := min(free)) < seconds - _TAIL - _SHORTEST:
        duration = min(_drawn(chance, _SHORTEST, _LONGEST), seconds - _TAIL - start)
        busy = [fault.target for fault in faults if fault.end > start]
        if drawn := deck.draw(busy):
            faults.append(Fault(start, duration, *drawn))
        free[free.index(start)] = start + duration + _drawn(chance, _SHORTEST_PAUSE, _LONGEST_PAUSE)
    return faults


def _drawn(chance: random.Random, least: float, most: float) -> float:
    """A number between the two: short ones as often as long ones, by their ratio."""
    return float(least * (most / least) ** chance.random())


class _Deck:
    """Kinds and targets, shuffled; what was drawn comes again after all others."""

    def __init__(self, chance: random.Random, targets: Mapping[Kind, Sequence[str]]) -> None:
        self._chance = chance
        self._targets = {kind: targets[kind] for kind in Kind if targets.get(kind)}
        self._kinds: list[Kind] = []
        self._left: dict[Kind, list[str]] = {kind: [] for kind in self._targets}

    def draw(self, busy: Collection[str]) -> tuple[Kind, str] | None:
        """The next kind with a target that is not busy, and the next of those; None where all are busy."""
        if not self._kinds:
            more = [kind for kind in _MORE if kind in self._targets]
            self._kinds = [*self._shuffled(list(self._targets)), *self._shuffled(more)]
        for kind in self._kinds:
            left = self._left[kind] or self._shuffled(self._targets[kind])
            for target in left:
                if target not in busy:
                    self._kinds.remove(kind)
                    self._left[kind] = [other for other in left if other != target]
                    return kind, target
        return None

    def _shuffled(self, things: Sequence[T]) -> list[T]:
        return self._chance.sample(things, len(things))
