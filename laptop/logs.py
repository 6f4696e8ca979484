"""Show the logs of the stack: the last lines of one process or of all, and new lines as they come."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from laptop import LaptopError
from laptop.state_dir import StateDir

_POLL = 0.2  # seconds
_MAX_LINES = 200
_TAIL = 200_000  # bytes, enough for that number of lines
_COLUMNS = ("level", "service", "message")
_NOT_DETAILS = ("time", *_COLUMNS, "exception", "logger")
# Servers write it as 2026-01-31 10:20:30.405, 2026/01/31 10:20:30.405 or 2026-01-31T10:20:30,405.
_TIME = re.compile(r"(20\d\d)[-/](\d\d)[-/](\d\d)[ T](\d\d:\d\d:\d\d)[.,](\d{1,3})")


@dataclass(frozen=True)
class LogLine:
    """One line that a process wrote: JSON from a service, plain text from a server."""

    process: str
    text: str

    @property
    def time(self) -> str:
        """Its UTC time in a form that sorts, or "" if the line has none."""
        found = _TIME.search(self.text)
        if not found:
            return ""
        year, month, day, clock, fraction = found.groups()
        return f"{year}-{month}-{day} {clock}.{fraction:0<3}"

    def pretty(self) -> str:
        """Return ``time  level  service  message  key=value ...``. Plain text becomes the message."""
        entry = self._entry()
        level, service, message = (str(entry.get(column, "")) for column in _COLUMNS)
        details = [
            f"{key}={_formatted(value)}"
            for key, value in entry.items()
            if key not in _NOT_DETAILS and value is not None
        ]
        clock = self.time[11:]
        return "  ".join([f"{clock:<12}  {level:<7}  {service or self.process:<15}  {message}", *details])

    @property
    def exception(self) -> list[str]:
        """The lines of its traceback, if it has one."""
        return str(self._entry().get("exception", "")).splitlines()

    def _entry(self) -> dict[str, object]:
        try:
            entry = json.loads(self.text)
        except ValueError:
            entry = None
        return entry if isinstance(entry, dict) else {"message": self.text}


def _formatted(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return json.dumps(text, ensure_ascii=False) if " " in text or not text else text


def last_lines(log: Path, count: int = 10) -> list[str]:
    """Return the last lines of a log file, formatted, with only the last line of a traceback.

    Returns nothing if there is no such file.
    """
    if not log.exists():
        return []
    shown = (text for line in _tail(log, _size(log)) for text in (line.pretty(), *line.exception[-1:]))
    return list(shown)[-count:]


def show(state_dir: StateDir, name: str | None, follow: bool, write: Callable[[str], None]) -> None:
    """Write the logs of one process, or of all sorted by time. With ``follow``, continue with new lines.

    Raises `LaptopError` with the list of names if there is no such log.
    """
    sizes = {file: _size(file) for file in _files(state_dir, name)}
    timed = [entry for file, size in sizes.items() for entry in _with_times(_tail(file, size))]
    for _, line in sorted(timed, key=lambda entry: entry[0])[-_MAX_LINES:]:
        _write_with_traceback(line, write)
    if follow:
        for line in _new_lines(sizes):
            _write_with_traceback(line, write)


def _write_with_traceback(line: LogLine, write: Callable[[str], None]) -> None:
    for text in (line.pretty(), *line.exception):
        write(text)


def _files(state_dir: StateDir, name: str | None) -> list[Path]:
    found = {file.stem: file for file in sorted(state_dir.logs.glob("*.log"))}
    if not found:
        raise LaptopError("There are no logs yet. Start the stack: make up", exit_code=3)
    if not name:
        return list(found.values())
    if name not in found:
        raise LaptopError(f"There is no log of {name}. Logs: {', '.join(found)}", exit_code=2)
    return [found[name]]


def _size(file: Path) -> int:
    return file.stat().st_size


def _tail(file: Path, size: int) -> list[LogLine]:
    """Return the last lines of the first ``size`` bytes."""
    with file.open("rb") as log:
        log.seek(max(0, size - _TAIL))
        lines = log.read(size - log.tell()).splitlines()
    return [_line(file, line) for line in lines[-_MAX_LINES:]]


def _line(file: Path, content: bytes) -> LogLine:
    return LogLine(file.stem, content.decode(errors="replace"))


def _with_times(lines: Iterable[LogLine]) -> Iterator[tuple[str, LogLine]]:
    """Yield each line with its time. A line without one, such as a continuation line, has that of the line before."""
    latest = ""
    for line in lines:
        latest = line.time or latest
        yield latest, line


def _new_lines(sizes: Mapping[Path, int]) -> Iterator[LogLine]:
    """Yield what is appended to each file after its first ``sizes`` bytes, forever."""
    offsets = dict(sizes)
    unfinished = dict.fromkeys(offsets, b"")
    while True:
        for file, offset in offsets.items():
            with file.open("rb") as log:
                log.seek(offset if offset <= _size(file) else 0)  # a file that has become shorter was rotated
                *lines, unfinished[file] = (unfinished[file] + log.read()).split(b"\n")
                offsets[file] = log.tell()
            yield from (_line(file, line) for line in lines)
        time.sleep(_POLL)
