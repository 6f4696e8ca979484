"""Terminal output: progress lines and tables."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterator
from typing import TextIO


class Progress:
    """Prints one line per phase with its duration. On a terminal, a running phase is shown live."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._live = out.isatty()

    @contextlib.contextmanager
    def phase(self, text: str) -> Iterator[None]:
        """Show ``text`` while the block runs and, if it succeeds, how long it took."""
        started = time.monotonic()
        self.show(f"{text} ...")
        try:
            yield
        except BaseException:
            self.show(f"{text}: failed or interrupted")
            self._end_line()
            raise
        self.say(f"{text:<34} {time.monotonic() - started:5.1f} s")

    def say(self, text: str) -> None:
        """Print a permanent line."""
        self.clear()
        self._out.write(f"  {text}\n" if text else "\n")
        self._out.flush()

    def show(self, text: str) -> None:
        """Show a temporary line, if the output is a terminal."""
        if self._live:
            self.clear()
            self._out.write(f"  {text}"[: shutil.get_terminal_size().columns - 1])
            self._out.flush()

    def clear(self) -> None:
        """Remove the temporary line."""
        if self._live:
            self._out.write("\r\033[K")

    def _end_line(self) -> None:
        if self._live:
            self._out.write("\n")


def table(headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return the rows in aligned columns below their headings."""
    widths = [max(len(row[column]) for row in [headings, *rows]) for column in range(len(headings))]
    lines = (
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        for row in [headings, *rows]
    )
    return "\n".join(line.rstrip() for line in lines)
