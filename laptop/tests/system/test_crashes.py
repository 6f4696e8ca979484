"""The market after something has gone wrong."""

from __future__ import annotations

import os
import signal
import subprocess

from laptop.server_data import data_folder
from laptop.tests.small_market import SmallMarket, caller
from laptop.tests.waiting import wait_until


def test_a_killed_service_comes_back_by_itself(open_market: SmallMarket) -> None:
    before = open_market.pid("catalog")
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: open_market.pid("catalog") not in (0, before), "the catalogue has another process")


def test_it_opens_again_after_supervisord_was_killed(open_market: SmallMarket) -> None:
    orphans = open_market.processes()
    open_market.supervisor().kill()
    assert "ended what a crashed market had left running" in open_market.up()
    assert not [orphan for orphan in orphans if orphan.is_running() and orphan.status() != "zombie"]
    assert open_market.answers()


def test_it_opens_again_after_everything_was_killed(open_market: SmallMarket) -> None:
    for process in open_market.processes():
        process.kill()
    open_market.up()
    assert open_market.answers()


def test_a_crash_is_told_by_status(open_market: SmallMarket) -> None:
    open_market.supervisor().kill()
    assert "It has crashed" in open_market.run("status").stderr


def test_down_ends_what_a_crash_left_running(open_market: SmallMarket) -> None:
    open_market.supervisor().kill()
    assert open_market.run("down").returncode == 0
    assert open_market.processes() == []


def test_a_pid_file_that_names_another_process_hinders_nothing(open_market: SmallMarket) -> None:
    pid_file = data_folder(open_market.home) / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    for process in open_market.processes():
        process.kill()
    wait_until(lambda: not open_market.processes(), "all have ended")
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    (open_market.home.run / "supervisord.pid").write_text(f"{os.getpid()}\n")
    open_market.up()
    assert open_market.answers()


def test_processes_of_others_are_never_ended(open_market: SmallMarket) -> None:
    bystander = subprocess.Popen(["sleep", "60"], env=caller(MARKET_DIR=str(open_market.home.path)))
    try:
        open_market.supervisor().kill()
        open_market.run("down")
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_service_that_does_not_start_is_told_with_its_log(closed_market: SmallMarket) -> None:
    (closed_market.home.path / "bank.py").write_text("import sys; sys.exit('BANK_KEY is missing')")
    result = closed_market.run("up", "--port", str(closed_market.port))
    assert result.returncode == 1
    assert "bank: ended right after its start, 3 times" in result.stderr
    assert "BANK_KEY is missing" in result.stderr
    assert "Traceback" not in result.stderr
    assert closed_market.processes() == []
