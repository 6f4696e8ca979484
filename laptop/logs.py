"""The logs of the market: the last lines of one program or of all, and what comes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from laptop.errors import LaptopError
from laptop.home import Home
from laptop.log_lines import LogLine

_POLL = 0.2  # seconds
_LAST = 200  # lines


def last_lines(log: Path, count: int = 10) -> list[str]:
    """The last lines of a log file, for people, each traceback as its last line; none if there is no file."""
    if not log.exists():
        return []
    shown = (text for _, line in _tail(log, count) for text in (line.pretty(), *line.exception[-1:]))
    return list(shown)[-count:]


def show(home: Home, name: str | None, follow: bool, write: Callable[[str], None]) -> None:
    """Write the logs of one program, or of all in the order of time; with ``follow``, go on with what comes.

    Raises `LaptopError` listing the names if there is no such log.
    """
    files = _files(home, name)
    entries = sorted((entry for file in files for entry in _tail(file, _LAST)), key=lambda entry: entry[0])
    for _, line in entries[-_LAST:]:
        _write_whole(line, write)
    if follow:
        for line in _coming(files):
            _write_whole(line, write)


def _write_whole(line: LogLine, write: Callable[[str], None]) -> None:
    for text in (line.pretty(), *line.exception):
        write(text)


def _files(home: Home, name: str | None) -> list[Path]:
    found = {file.stem: file for file in sorted(home.logs.glob("*.log"))}
    if not found:
        raise LaptopError("There are no logs yet. Open the market: make up", exit_code=3)
    if not name:
        return list(found.values())
    if name not in found:
        raise LaptopError(f"There is no log of {name}. There are: {', '.join(found)}", exit_code=2)
    return [found[name]]


def _tail(file: Path, count: int) -> Iterator[tuple[str, LogLine]]:
    """The last lines with their times; a line that does not tell has that of the line before."""
    latest = ""
    with file.open(errors="replace") as lines:
        for text in deque(lines, count):
            line = LogLine(file.stem, text.rstrip("\n"))
            latest = line.time or latest
            yield latest, line


def _coming(files: Iterable[Path]) -> Iterator[LogLine]:
    places = {file: file.stat().st_size for file in files}
    unfinished = dict.fromkeys(places, "")
    while True:
        for file, place in places.items():
            with file.open(errors="replace") as log:
                # A file that has become shorter was rotated away.
                log.seek(place if place <= file.stat().st_size else 0)
                *lines, unfinished[file] = (unfinished[file] + log.read()).split("\n")
                places[file] = log.tell()
            yield from (LogLine(file.stem, line) for line in lines)
        time.sleep(_POLL)
