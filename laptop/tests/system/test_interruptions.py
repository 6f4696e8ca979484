"""Ctrl-C and SIGTERM while the stack starts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from laptop.supervisor import ROOT
from laptop.tests.small_stack import SmallStack, caller
from tests.support.waiting import wait_until


def supervisord_is_about_to_start(stack: SmallStack) -> bool:
    return stack.state_dir.supervisor_configuration.exists()


def postgres_runs(stack: SmallStack) -> bool:
    return stack.runs("postgres")


def the_gateway_runs(stack: SmallStack) -> bool:
    return stack.runs("envoy")


def the_data_directory_is_being_created(stack: SmallStack) -> bool:
    return bool(unfinished_files(stack))


def unfinished_files(stack: SmallStack) -> list[str]:
    return [str(path) for path in stack.state_dir.postgres.resolve().glob("*.unfinished")]


def interrupt(
    stack: SmallStack, moment: Callable[[SmallStack], bool], number: signal.Signals
) -> tuple[int, str]:
    """Start the stack and interrupt that as a terminal does. Returns the exit code and stderr."""
    # The bank never becomes ready, so that the signal always comes before the stack is.
    (stack.state_dir.path / "bank.py").write_text("import threading; threading.Event().wait()")
    stack.state_dir.supervisor_configuration.unlink(missing_ok=True)
    command = stack.command("up", "--port", str(stack.port))
    with subprocess.Popen(
        command, cwd=ROOT, env=caller(), start_new_session=True, stderr=subprocess.PIPE, text=True,
        stdout=subprocess.DEVNULL,
    ) as start:  # fmt: skip
        try:
            wait_until(lambda: moment(stack), timeout=60, what=moment.__name__.replace("_", " "))
        finally:
            os.killpg(start.pid, number)
        _, errors = start.communicate(timeout=60)
    return start.returncode, errors


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        (supervisord_is_about_to_start, signal.SIGINT),
        (postgres_runs, signal.SIGINT),
        (the_gateway_runs, signal.SIGINT),
        (the_gateway_runs, signal.SIGTERM),
    ],
)
def test_interrupting_the_start_leaves_nothing_running(
    moment: Callable[[SmallStack], bool], number: signal.Signals, stopped_stack: SmallStack
) -> None:
    assert interrupt(stopped_stack, moment, number) == (130, "\nInterrupted.\n")
    assert stopped_stack.processes() == []


def test_interrupting_the_first_start_leaves_no_unfinished_data(new_stack: SmallStack) -> None:
    assert interrupt(new_stack, the_data_directory_is_being_created, signal.SIGINT) == (
        130,
        "\nInterrupted.\n",
    )
    assert new_stack.processes() == []
    assert unfinished_files(new_stack) == []


INTERRUPTED_INITDB = """
import os, signal, subprocess
from laptop.ephemeral import temporary_folder
from laptop.postgres import initialize, installation
from laptop.processes import unprivileged_user

started = []

class Interrupted(subprocess.Popen):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        started.append(self)
        os.kill(os.getpid(), signal.SIGINT)

with temporary_folder("market-postgres-", unprivileged_user()) as folder:
    postgres = installation(copy_to=folder / "postgresql")
    if postgres.user:
        postgres.user.own(folder)
    subprocess.Popen = Interrupted
    try:
        initialize(postgres, folder / "data", "secret")
    except KeyboardInterrupt:
        print("interrupted", started[0].returncode, sorted(path.name for path in folder.glob("data*")))
"""


def test_an_interruption_just_after_initdb_was_started_leaves_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_INITDB], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == f"interrupted {-signal.SIGKILL} []\n", done.stderr
