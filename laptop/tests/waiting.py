"""Waiting for a condition in a test."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest


def wait_until(condition: Callable[[], bool], what: str, timeout: float = 15.0) -> None:
    """Poll until the condition holds; the test fails, saying what was awaited, after ``timeout`` seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"waited {timeout:g} s in vain until {what}")
        time.sleep(0.02)
