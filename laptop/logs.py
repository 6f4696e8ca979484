"""The logs of the market: the last lines of one program or of all, and what comes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from laptop.errors import LaptopError
from laptop.home import Home
from laptop.log_lines import LogLine

_POLL = 0.2  # seconds
_LAST = 200  # lines
_TAIL = 200_000  # bytes, enough for so many lines


def last_lines(log: Path, count: int = 10) -> list[str]:
    """The last lines of a log file, for people, each traceback as its last line; none if there is no file."""
    if not log.exists():
        return []
    shown = (text for line in _tail(log, _size(log)) for text in (line.pretty(), *line.exception[-1:]))
    return list(shown)[-count:]


def show(home: Home, name: str | None, follow: bool, write: Callable[[str], None]) -> None:
    """Write the logs of one program, or of all in the order of time; with ``follow``, go on with what comes.

    Raises `LaptopError` listing the names if there is no such log.
    """
    sizes = {file: _size(file) for file in _files(home, name)}
    timed = [entry for file, size in sizes.items() for entry in _with_times(_tail(file, size))]
    for _, line in sorted(timed, key=lambda entry: entry[0])[-_LAST:]:
        _write_whole(line, write)
    if follow:
        for line in _coming(sizes):
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


def _size(file: Path) -> int:
    return file.stat().st_size


def _tail(file: Path, size: int) -> list[LogLine]:
    """The last lines of the first ``size`` bytes."""
    with file.open("rb") as log:
        log.seek(max(0, size - _TAIL))
        lines = log.read(size - log.tell()).splitlines()
    return [_line(file, line) for line in lines[-_LAST:]]


def _line(file: Path, content: bytes) -> LogLine:
    return LogLine(file.stem, content.decode(errors="replace"))


def _with_times(lines: Iterable[LogLine]) -> Iterator[tuple[str, LogLine]]:
    """Each line with its time; one that does not tell has that of the line before."""
    latest = ""
    for line in lines:
        latest = line.time or latest
        yield latest, line


def _coming(sizes: Mapping[Path, int]) -> Iterator[LogLine]:
    """What is written after the first so many bytes of each file, for ever."""
    places = dict(sizes)
    unfinished = dict.fromkeys(places, b"")
    while True:
        for file, place in places.items():
            with file.open("rb") as log:
                log.seek(
                    place if place <= _size(file) else 0
                )  # a file that has become shorter was rotated away
                *lines, unfinished[file] = (unfinished[file] + log.read()).split(b"\n")
                places[file] = log.tell()
            yield from (_line(file, line) for line in lines)
        time.sleep(_POLL)
