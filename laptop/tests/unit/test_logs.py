"""How logs are shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from laptop.errors import LaptopError
from laptop.home import Home
from laptop.log_lines import LogLine
from laptop.logs import last_lines, show

ENTRY = {
    "time": "2026-01-31T10:20:30.405+00:00", "level": "WARNING", "service": "orders", "logger": "orders.saga",
    "message": "payment unknown", "order": "o-1", "reason": "no answer", "attempt": 2, "account_id": None,
}  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.create()
    (home.logs / "orders.log").write_text(json.dumps(ENTRY) + "\n")
    (home.logs / "nats.log").write_text(
        "[1] 2026/01/31 10:20:29.123456 [INF] first\n[1] 2026/01/31 10:20:31 [INF]\n"
    )
    return home


def shown(home: Home, name: str | None) -> list[str]:
    lines: list[str] = []
    show(home, name, follow=False, write=lines.append)
    return lines


def test_a_json_line_becomes_columns_and_details() -> None:
    assert LogLine("orders", json.dumps(ENTRY)).pretty() == (
        '10:20:30.405  WARNING  orders           payment unknown  order=o-1  reason="no answer"  attempt=2'
    )


def test_an_exception_is_apart_from_its_line() -> None:
    line = LogLine("orders", json.dumps({**ENTRY, "exception": "Traceback\nValueError"}))
    assert line.exception == ["Traceback", "ValueError"]
    assert "Traceback" not in line.pretty()


@pytest.mark.parametrize("text", ["plain words", "{not json", '["a list"]', "7"])
def test_a_line_that_is_no_json_object_keeps_its_words(text: str) -> None:
    assert LogLine("nats", text).pretty().split(maxsplit=1) == ["nats", text]


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-01-31 10:20:30,405 INFO spawned", "2026-01-31 10:20:30.405"),
        ("[12] 2026/01/31 10:20:30.405678 [INF]", "2026-01-31 10:20:30.405"),
        ("2026-01-31 10:20:30.405 UTC LOG:  ready", "2026-01-31 10:20:30.405"),
        ("    at some place", ""),
    ],
)
def test_the_time_is_found_however_a_server_writes_it(text: str, time: str) -> None:
    assert LogLine("any", text).time == time


def test_all_logs_are_shown_in_the_order_of_time(home: Home) -> None:
    assert [line.split()[-1] for line in shown(home, None)] == ["first", "[INF]", "attempt=2"]


def test_one_log_is_shown_alone(home: Home) -> None:
    assert len(shown(home, "orders")) == 1


def test_an_unknown_log_is_answered_with_the_names(home: Home) -> None:
    with pytest.raises(LaptopError, match=r"There is no log of order\. There are: nats, orders"):
        shown(home, "order")


class Enough(Exception):
    """Ends a show that would go on for ever."""


def test_following_shows_what_comes(home: Home) -> None:
    lines: list[str] = []

    def write(line: str) -> None:
        lines.append(line)
        if len(lines) == 1:
            with (home.logs / "orders.log").open("a") as log:
                log.write("a new line\n")
        if "a new line" in line:
            raise Enough

    with pytest.raises(Enough):
        show(home, "orders", follow=True, write=write)


def test_there_is_nothing_to_show_before_the_first_start(tmp_path: Path) -> None:
    with pytest.raises(LaptopError, match="no logs yet"):
        shown(Home(tmp_path), None)


def test_the_last_lines_of_a_missing_log_are_none(tmp_path: Path) -> None:
    assert last_lines(tmp_path / "nothing.log") == []
