"""Ctrl-C and SIGTERM while the market is being opened."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from laptop.programs import ROOT
from laptop.tests.small_market import SmallMarket, caller
from laptop.tests.waiting import wait_until


def supervisord_is_about_to_start(market: SmallMarket) -> bool:
    return market.home.supervisor_configuration.exists()


def the_database_server_runs(market: SmallMarket) -> bool:
    return market.runs("postgres")


def the_gateway_runs(market: SmallMarket) -> bool:
    return market.runs("envoy")


def data_is_being_made(market: SmallMarket) -> bool:
    return bool(unfinished_files(market))


def unfinished_files(market: SmallMarket) -> list[str]:
    return [str(path) for path in market.home.postgres.resolve().glob("*.unfinished")]


def interrupt(
    market: SmallMarket, moment: Callable[[SmallMarket], bool], number: signal.Signals
) -> tuple[int, str]:
    """Open the market, interrupt that as a terminal does; gives the exit code and what was said."""
    # The bank keeps the market from being ready before the signal comes.
    (market.home.path / "bank.py").write_text("import threading; threading.Event().wait()")
    market.home.supervisor_configuration.unlink(missing_ok=True)
    command = market.command("up", "--port", str(market.port))
    with subprocess.Popen(
        command, cwd=ROOT, env=caller(), start_new_session=True, stderr=subprocess.PIPE, text=True,
        stdout=subprocess.DEVNULL,
    ) as start:  # fmt: skip
        try:
            wait_until(lambda: moment(market), moment.__name__.replace("_", " "))
        finally:
            os.killpg(start.pid, number)
        _, said = start.communicate(timeout=60)
    return start.returncode, said


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        (supervisord_is_about_to_start, signal.SIGINT),
        (the_database_server_runs, signal.SIGINT),
        (the_gateway_runs, signal.SIGINT),
        (the_gateway_runs, signal.SIGTERM),
    ],
)
def test_interrupting_the_start_leaves_nothing_running(
    moment: Callable[[SmallMarket], bool], number: signal.Signals, closed_market: SmallMarket
) -> None:
    assert interrupt(closed_market, moment, number) == (130, "\nInterrupted.\n")
    assert closed_market.processes() == []


def test_interrupting_the_first_start_leaves_no_half_made_data(new_market: SmallMarket) -> None:
    assert interrupt(new_market, data_is_being_made, signal.SIGINT) == (130, "\nInterrupted.\n")
    assert new_market.processes() == []
    assert unfinished_files(new_market) == []


AS_IT_STARTS = """
import os, signal, subprocess
from laptop.accounts import substitute_for_root
from laptop.postgres import initialise, installation
from laptop.throwaway import temporary_folder

started = []

class Interrupted(subprocess.Popen):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        started.append(self)
        os.kill(os.getpid(), signal.SIGINT)

with temporary_folder("market-postgres-", substitute_for_root()) as folder:
    postgres = installation(copy_to=folder / "postgresql")
    if postgres.account:
        postgres.account.own(folder)
    subprocess.Popen = Interrupted
    try:
        initialise(postgres, folder / "data", "secret")
    except KeyboardInterrupt:
        print("interrupted", started[0].returncode, sorted(path.name for path in folder.glob("data*")))
"""


def test_an_interruption_while_the_first_start_begins_leaves_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", AS_IT_STARTS], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == f"interrupted {-signal.SIGKILL} []\n", done.stderr
