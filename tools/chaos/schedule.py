"""The fault schedule: a pure function of the seed, so that a run can be repeated."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

SLOTS = 2  # faults that can be active at the same time
T = TypeVar("T")
_MARGIN = 1.0  # seconds without a fault at the start and at the end
_MIN_DURATION, _MAX_DURATION = 0.2, 8.0  # seconds
_MIN_PAUSE, _MAX_PAUSE = 0.3, 4.0  # seconds between two faults in a slot


class Kind(StrEnum):
    """The kinds of faults; the report prints the values."""

    KILL = "kill"
    KILL_BACKEND = "kill backend"
    PAUSE = "pause"
    CUT = "cut"
    DELAY = "delay"
    LONG_DELAY = "long delay"
    BLACKHOLE = "blackhole"
    DROP_RESPONSES = "drop responses"
    FILL = "fill"
    SLOW = "slow"
    DOWN = "down"
    FLAKY = "flaky"


# Each kind comes once in a round; these come again.
_EXTRA = (Kind.KILL, Kind.PAUSE, Kind.CUT, Kind.BLACKHOLE, Kind.DROP_RESPONSES, Kind.DROP_RESPONSES)


@dataclass(frozen=True)
class Fault:
    """One fault. ``start`` is in seconds after the start of the run, ``duration`` in seconds."""

    start: float
    duration: float
    kind: Kind
    target: str

    @property
    def end(self) -> float:
        """When the fault is reverted, in seconds after the start of the run."""
        return self.start + self.duration

    def __str__(self) -> str:
        return f"{self.kind} {self.target}"


def schedule(seed: int, seconds: float, targets: Mapping[Kind, Sequence[str]]) -> list[Fault]:
    """Return the faults of a run, ordered by start.

    Two faults may overlap if their targets differ. Every kind that has targets comes at least once in a round, and
    every target of a kind comes once before one is repeated.
    """
    rng = random.Random(seed)
    deck, faults, free = _Deck(rng, targets), list[Fault](), [_MARGIN] * SLOTS
    while (start := min(free)) < seconds - _MARGIN - _MIN_DURATION:
        duration = min(_log_uniform(rng, _MIN_DURATION, _MAX_DURATION), seconds - _MARGIN - start)
        busy = [fault.target for fault in faults if fault.end > start]
        if drawn := deck.draw(busy):
            faults.append(Fault(start, duration, *drawn))
        free[free.index(start)] = start + duration + _log_uniform(rng, _MIN_PAUSE, _MAX_PAUSE)
    return faults


def _log_uniform(rng: random.Random, least: float, most: float) -> float:
    return float(least * (most / least) ** rng.random())


class _Deck:
    """Kinds and targets in random order. One that was drawn comes again after all others."""

    def __init__(self, rng: random.Random, targets: Mapping[Kind, Sequence[str]]) -> None:
        self._rng = rng
        self._targets = {kind: targets[kind] for kind in Kind if targets.get(kind)}
        self._kinds: list[Kind] = []
        self._remaining: dict[Kind, list[str]] = {kind: [] for kind in self._targets}

    def draw(self, busy: Collection[str]) -> tuple[Kind, str] | None:
        """Return the next kind and target, or None if all targets are busy."""
        if not self._kinds:
            extra = [kind for kind in _EXTRA if kind in self._targets]
            self._kinds = [*self._shuffled(list(self._targets)), *self._shuffled(extra)]
        for kind in self._kinds:
            remaining = self._remaining[kind] or self._shuffled(self._targets[kind])
            for target in remaining:
                if target not in busy:
                    self._kinds.remove(kind)
                    self._remaining[kind] = [other for other in remaining if other != target]
                    return kind, target
        return None

    def _shuffled(self, items: Sequence[T]) -> list[T]:
        return self._rng.sample(items, len(items))
