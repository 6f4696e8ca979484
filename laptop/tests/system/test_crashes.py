"""Recovery of the stack after a crash."""

from __future__ import annotations

import os
import signal
import subprocess

from laptop.tests.small_stack import SmallStack, caller
from tests.support.waiting import wait_until


def test_a_killed_service_is_started_again(running_stack: SmallStack) -> None:
    before = running_stack.pid("catalog")
    os.kill(before, signal.SIGKILL)
    wait_until(
        lambda: running_stack.pid("catalog") not in (0, before),
        timeout=60,
        what="catalog has another process",
    )


def test_the_stack_starts_after_supervisord_was_killed(running_stack: SmallStack) -> None:
    orphans = running_stack.processes()
    running_stack.supervisor().kill()
    assert "stopped what a crashed stack had left running" in running_stack.up()
    assert not [orphan for orphan in orphans if orphan.is_running() and orphan.status() != "zombie"]
    assert running_stack.is_ready()


def test_the_stack_starts_after_every_process_was_killed(running_stack: SmallStack) -> None:
    for process in running_stack.processes():
        process.kill()
    running_stack.up()
    assert running_stack.is_ready()


def test_status_reports_a_crash(running_stack: SmallStack) -> None:
    running_stack.supervisor().kill()
    assert "It has crashed" in running_stack.run("status").stderr


def test_down_stops_what_a_crash_left_running(running_stack: SmallStack) -> None:
    running_stack.supervisor().kill()
    assert running_stack.run("down").returncode == 0
    assert running_stack.processes() == []


def test_the_stack_starts_if_a_pid_file_names_another_process(running_stack: SmallStack) -> None:
    pid_file = running_stack.state_dir.postgres_data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    for process in running_stack.processes():
        process.kill()
    wait_until(lambda: not running_stack.processes(), timeout=60, what="all processes have ended")
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    (running_stack.state_dir.run / "supervisord.pid").write_text(f"{os.getpid()}\n")
    running_stack.up()
    assert running_stack.is_ready()


def test_down_never_ends_a_process_of_another_program(running_stack: SmallStack) -> None:
    bystander = subprocess.Popen(["sleep", "60"], env=caller(MARKET_DIR=str(running_stack.state_dir.path)))
    try:
        running_stack.supervisor().kill()
        running_stack.run("down")
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_up_reports_a_service_that_does_not_start_with_its_log(stopped_stack: SmallStack) -> None:
    (stopped_stack.state_dir.path / "bank.py").write_text("import sys; sys.exit('BANK_KEY is missing')")
    result = stopped_stack.run("up", "--port", str(stopped_stack.port))
    assert result.returncode == 1
    assert result.stderr.startswith("The stack did not become ready.\n")
    assert "bank: ended right after its start, 3 times" in result.stderr
    assert "BANK_KEY is missing" in result.stderr
    assert "Traceback" not in result.stderr
    assert stopped_stack.processes() == []
