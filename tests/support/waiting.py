"""Wait for a condition in a test, never for a fixed time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
_POLL_SECONDS = 0.02


def wait_until(condition: Callable[[], T | None], timeout: float = 30.0, what: str = "") -> T:
    """Return the first true value of `condition`.

    Raises AssertionError, naming `what` (by default the condition), if there is none within `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        assert time.monotonic() < deadline, f"timed out after {timeout:g} s waiting until {what or condition}"
        time.sleep(_POLL_SECONDS)
    return value
