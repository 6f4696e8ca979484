"""A line of a log, for people: JSON becomes aligned columns, whatever a server writes keeps its words."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

_COLUMNS = ("level", "service", "message")
_NOT_DETAILS = ("time", *_COLUMNS, "exception", "logger")
# However it is written: 2026-01-31 10:20:30.405, 2026/01/31 10:20:30.405, 2026-01-31T10:20:30,405
_TIME = re.compile(r"(20\d\d)[-/](\d\d)[-/](\d\d)[ T](\d\d:\d\d:\d\d)[.,](\d{1,3})")


@dataclass(frozen=True)
class LogLine:
    """One line that ``program`` wrote."""

    program: str
    text: str

    @property
    def time(self) -> str:
        """When it was written (UTC), in a form that sorts; empty if the line does not say."""
        found = _TIME.search(self.text)
        if not found:
            return ""
        year, month, day, clock, fraction = found.groups()
        return f"{year}-{month}-{day} {clock}.{fraction:0<3}"

    def pretty(self) -> str:
        """``time  level  service  message  key=value ...``; a line that is not JSON is the message."""
        entry = self._entry()
        level, service, message = (str(entry.get(column, "")) for column in _COLUMNS)
        details = [
            f"{key}={_shown(value)}"
            for key, value in entry.items()
            if key not in _NOT_DETAILS and value is not None
        ]
        clock = self.time[11:]
        return "  ".join([f"{clock:<12}  {level:<7}  {service or self.program:<15}  {message}", *details])

    @property
    def exception(self) -> list[str]:
        """The lines of the traceback that came with it, if one did."""
        return str(self._entry().get("exception", "")).splitlines()

    def _entry(self) -> dict[str, object]:
        try:
            entry = json.loads(self.text)
        except ValueError:
            entry = None
        return entry if isinstance(entry, dict) else {"message": self.text}


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return json.dumps(text, ensure_ascii=False) if " " in text or not text else text
