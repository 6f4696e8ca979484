"""inotify instances. Envoy takes one for each source that it watches, and Linux limits their number per account."""

from __future__ import annotations

import ctypes
import json
import os
import sys
from typing import Any


class TooFewInstances(OSError):
    """Too few inotify instances are available for the sidecars to start. The message says what to do."""


def watched_sources(configuration: Any) -> set[str]:
    """Return the sources that an Envoy with this configuration watches: files, and folders of certificates.

    Envoy shares one instance between several uses of the same source, so each is in the set once.
    """
    if isinstance(configuration, list):
        return set().union(*map(watched_sources, configuration))
    if not isinstance(configuration, dict):
        return set()
    own = [configuration] if "watched_directory" in configuration else []
    if "path_config_source" in configuration:
        own.append(configuration["path_config_source"])
    return {json.dumps(each) for each in own} | watched_sources(list(configuration.values()))


def check_available(needed: int) -> None:
    """Raise `TooFewInstances` if this account cannot open `needed` more instances. Only Linux has a limit."""
    if sys.platform != "linux":
        return
    available = _available(needed)
    if available < needed:
        raise TooFewInstances(
            f"Only {available} of the {needed} inotify instances that a stack with sidecars needs are available to this"
            " account. Nothing was started. Stop another stack, or: sudo sysctl fs.inotify.max_user_instances=512"
        )


def _available(needed: int) -> int:
    """Return the number of available instances, at most `needed`. Linux does not report it, so this opens them."""
    libc = ctypes.CDLL(None)
    opened: list[int] = []
    try:
        while len(opened) < needed and (instance := libc.inotify_init1(os.O_CLOEXEC)) >= 0:
            opened.append(instance)
        return len(opened)
    finally:
        for instance in opened:
            os.close(instance)
