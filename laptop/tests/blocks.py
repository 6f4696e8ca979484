"""Blocks of ports for the markets of tests, also where several processes run tests side by side."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import cycle

from laptop.ports import is_taken
from laptop.throwaway import own_share

SIZE = 100  # ports of a block
# Below the ports that the system gives to whoever connects, and those that `make chaos` and `make bench` choose.
_FIRST, _LAST = 10_000, 20_000


def _own_starts() -> Iterator[int]:
    ports = own_share(_FIRST, _LAST)
    starts = range(ports.start, ports.stop - SIZE, SIZE)
    return cycle(random.sample(starts, len(starts)))  # in another order than another run on this machine


_starts = _own_starts()


def free_block() -> int:
    """The first port of a block that nobody listens on; the next ones that are given will be others."""
    return next(first for first in _starts if not any(is_taken(first + n) for n in range(SIZE)))
