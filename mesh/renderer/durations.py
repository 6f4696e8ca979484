"""Durations as Istio's resources write them: 2s, 100ms, 1m30s."""

from __future__ import annotations

import re

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_WHOLE = re.compile(rf"(?:{_PART.pattern})+")


class Duration(float):
    """A number of seconds."""

    @classmethod
    def parse(cls, text: str) -> Duration:
        """Return the duration that a text names. Raises ValueError."""
        if not _WHOLE.fullmatch(text):
            raise ValueError(f"{text} is not a duration such as 2s or 100ms")
        return cls(sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text)))

    def __str__(self) -> str:
        return f"{float(self):.9f}".rstrip("0").rstrip(".") + "s"
