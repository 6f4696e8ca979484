"""Formatting and merging of logs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from laptop import LaptopError
from laptop.logs import LogLine, last_lines, show
from laptop.state_dir import StateDir

ENTRY = {
    "time": "2026-01-31T10:20:30.405+00:00", "level": "WARNING", "service": "orders", "logger": "orders.saga",
    "message": "payment unknown", "order": "o-1", "reason": "no answer", "attempt": 2, "account_id": None,
}  # fmt: skip


@pytest.fixture
def state_dir(tmp_path: Path) -> StateDir:
    state_dir = StateDir(tmp_path)
    state_dir.create()
    (state_dir.logs / "orders.log").write_text(json.dumps(ENTRY) + "\n")
    (state_dir.logs / "nats.log").write_text(
        "[1] 2026/01/31 10:20:29.123456 [INF] first\n[1] 2026/01/31 10:20:31 [INF]\n"
    )
    return state_dir


def shown(state_dir: StateDir, name: str | None) -> list[str]:
    lines: list[str] = []
    show(state_dir, name, follow=False, write=lines.append)
    return lines


def test_a_json_line_becomes_columns_and_details() -> None:
    assert LogLine("orders", json.dumps(ENTRY)).pretty() == (
        '10:20:30.405  WARNING  orders           payment unknown  order=o-1  reason="no answer"  attempt=2'
    )


def test_a_traceback_is_separate_from_its_line() -> None:
    line = LogLine("orders", json.dumps({**ENTRY, "exception": "Traceback\nValueError"}))
    assert line.exception == ["Traceback", "ValueError"]
    assert "Traceback" not in line.pretty()


@pytest.mark.parametrize("text", ["plain words", "{not json", '["a list"]', "7"])
def test_a_line_that_is_not_a_json_object_is_shown_unchanged(text: str) -> None:
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
def test_the_time_is_found_in_every_server_s_format(text: str, time: str) -> None:
    assert LogLine("any", text).time == time


def test_all_logs_are_sorted_by_time(state_dir: StateDir) -> None:
    assert [line.split()[-1] for line in shown(state_dir, None)] == ["first", "[INF]", "attempt=2"]


def test_one_log_is_shown(state_dir: StateDir) -> None:
    assert len(shown(state_dir, "orders")) == 1


def test_an_unknown_log_lists_the_names(state_dir: StateDir) -> None:
    with pytest.raises(LaptopError, match=r"There is no log of order\. Logs: nats, orders"):
        shown(state_dir, "order")


class Enough(Exception):
    """Ends `show`, which otherwise follows the logs forever."""


def test_follow_shows_new_lines(state_dir: StateDir) -> None:
    lines: list[str] = []

    def write(line: str) -> None:
        lines.append(line)
        if len(lines) == 1:
            with (state_dir.logs / "orders.log").open("a") as log:
                log.write("a new line\n")
        if "a new line" in line:
            raise Enough

    with pytest.raises(Enough):
        show(state_dir, "orders", follow=True, write=write)


def test_there_are_no_logs_before_the_first_start(tmp_path: Path) -> None:
    with pytest.raises(LaptopError, match="no logs yet"):
        shown(StateDir(tmp_path), None)


def test_a_missing_log_has_no_last_lines(tmp_path: Path) -> None:
    assert last_lines(tmp_path / "nothing.log") == []
