"""inotify instances, of which Linux allows each account a number: an Envoy takes one for all that it watches."""

from __future__ import annotations

import ctypes
import os
import platform


class TooFewInstances(OSError):
    """So few are left that sidecars could not start; the text says what to do."""


def check_enough(needed: int) -> None:
    """Raise `TooFewInstances` where this account cannot have so many more. On other systems all is well."""
    if platform.system() != "Linux":
        return
    left = _left(needed)
    if left < needed:
        raise TooFewInstances(
            f"Only {left} of the {needed} inotify instances that a market with sidecars needs are left to this"
            " account. Nothing was started. Stop another market, or: sudo sysctl fs.inotify.max_user_instances=512"
        )


def _left(needed: int) -> int:
    """How many there are, up to those needed: found by opening them, for no file of the system tells."""
    libc = ctypes.CDLL(None)
    opened: list[int] = []
    try:
        while len(opened) < needed and (instance := libc.inotify_init1(os.O_CLOEXEC)) >= 0:
            opened.append(instance)
        return len(opened)
    finally:
        for instance in opened:
            os.close(instance)
