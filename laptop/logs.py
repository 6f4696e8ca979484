"""The logs of the market, for people: JSON lines become aligned ones, other lines stay as they are."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from laptop.errors import LaptopError
from laptop.home import Home

_POLL = 0.2  # seconds
_LAST = 200  # lines
_NOT_DETAILS = ("time", "level", "service", "message", "exception", "logger")


def last_lines(log: Path, count: int = 10) -> list[str]:
    """The last lines of a log file, for people; none if there is no such file."""
    try:
        with log.open(errors="replace") as lines:
            return [pretty(line) for line in deque(lines, count)]
    except FileNotFoundError:
        return []


def pretty(line: str) -> str:
    """One line of a log: ``time level service message key=value ...`` if it is JSON, or else unchanged."""
    entry = _parsed(line)
    if entry is None:
        return line.rstrip("\n")
    clock, level, service, message = (
        str(entry.get(key, "")) for key in ("time", "level", "service", "message")
    )
    details = [f"{key}={_shown(value)}" for key, value in entry.items() if key not in _NOT_DETAILS]
    text = "  ".join([f"{clock[11:23]:<12}  {level:<7}  {service:<15}  {message}", *details])
    return f"{text}\n{entry['exception']}" if "exception" in entry else text


def show(home: Home, name: str | None, follow: bool, write: Callable[[str], None]) -> None:
    """Write the logs of one program, or of all in the order of time; with ``follow``, go on with what comes.

    Raises `LaptopError` listing the names if there is no such log.
    """
    files = _files(home, name)
    entries = [entry for file in files for entry in _tail(file)]
    for _, line in sorted(entries, key=lambda entry: entry[0])[-_LAST:]:
        write(pretty(line))
    if follow:
        for line in _coming(files):
            write(pretty(line))


def _files(home: Home, name: str | None) -> list[Path]:
    found = sorted(home.logs.glob("*.log"))
    if not found:
        raise LaptopError("There are no logs yet. Open the market: make up", exit_code=3)
    if name is None:
        return found
    chosen = [file for file in found if file.stem == name]
    if not chosen:
        raise LaptopError(
            f"There is no log of {name}. There are: {', '.join(file.stem for file in found)}", 2
        )
    return chosen


def _tail(file: Path) -> Iterator[tuple[str, str]]:
    """The last lines, each with its time; a line without one has that of the line before."""
    stamp = ""
    with file.open(errors="replace") as lines:
        for line in deque(lines, _LAST):
            stamp = _stamp(line) or stamp
            yield stamp, line


def _stamp(line: str) -> str:
    entry = _parsed(line)
    if entry is not None:
        return str(entry["time"])[:23].replace("T", " ")
    return line[:23].replace(",", ".") if line[:2] == "20" else ""


def _parsed(line: str) -> dict[str, object] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) and "time" in entry else None


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return json.dumps(text) if " " in text or not text else text


def _coming(files: Iterable[Path]) -> Iterator[str]:
    places = {file: file.stat().st_size for file in files}
    rest = dict.fromkeys(places, "")
    while True:
        for file, place in places.items():
            if file.stat().st_size < place:  # it was rotated away
                place = 0
            with file.open(errors="replace", newline="") as lines:
                lines.seek(place)
                *whole, rest[file] = (rest[file] + lines.read()).split("\n")
                places[file] = lines.tell()
            yield from whole
        time.sleep(_POLL)
