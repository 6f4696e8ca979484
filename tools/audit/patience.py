"""The one option that every way of running an audit takes."""

from __future__ import annotations

import argparse

_LONGEST = 3600.0  # seconds


def add_to(parser: argparse.ArgumentParser) -> None:
    """Lets people say how long something must be wrong to count."""
    parser.add_argument(
        "--patience", type=_seconds, default=10.0, metavar="SECONDS",
        help="how long something must be wrong to count, 0 to 3600; default: 10",
    )  # fmt: skip


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= _LONGEST:
        raise ValueError(text)
    return seconds
