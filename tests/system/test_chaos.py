"""A short torment with a known seed, and one that is interrupted, each in a throw-away market of its own."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import psutil

from chassis.testing import eventually
from laptop.home import MARKER
from tests.system.conftest import MESH
from tools.chaos.injection import targets
from tools.chaos.schedule import Kind, schedule
from topology import SERVICES

ROOT = Path(__file__).parents[2]


@contextmanager
def chaos(folder, *arguments):
    """Torments a market in this folder; one that the test leaves behind is ended."""
    run = subprocess.Popen(
        [sys.executable, "-m", "tools.chaos", *MESH, *arguments], cwd=ROOT, env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield run
    finally:
        run.terminate()
        run.communicate()


def processes(folder):
    """What runs of a market in this folder."""
    return [process for process in psutil.process_iter() if str(folder) in home_of(process)]


def seed_of_a_long_freeze(seconds):
    """A seed whose schedule begins with a program that is frozen for a while."""
    found = targets(SERVICES, mesh=bool(MESH))
    firsts = ((seed, schedule(seed, seconds, found)[0]) for seed in range(10_000))
    return next(seed for seed, fault in firsts if fault.kind is Kind.STOP and fault.duration > 5)


def home_of(process):
    try:
        return process.environ().get(MARKER, "")
    except (psutil.Error, OSError):
        return ""


def is_frozen(process):
    try:
        return process.status() == psutil.STATUS_STOPPED
    except psutil.NoSuchProcess:
        return False


def test_nothing_is_lost_while_everything_breaks(tmp_path):
    with chaos(tmp_path, "--seed=4", "--minutes=0.4") as run:
        said, trouble = run.communicate()
    assert run.returncode == 0, said + trouble
    seed, table, audit, end = said.rstrip().split("\n\n")
    assert seed == "seed 4"
    heading, *rows = table.splitlines()
    assert (heading.split()[-1], len(rows) > 10) == ("FINDINGS", True)
    assert {row.split()[-1] for row in rows} == {"0"}
    assert "ledger" in audit
    assert end == "Nothing was lost, and nobody was left without an answer."
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_torment_leaves_nothing_running(tmp_path):
    with chaos(tmp_path, f"--seed={seed_of_a_long_freeze(60)}", "--minutes=1") as run:

        def something_is_frozen():
            assert run.poll() is None, run.communicate()
            return any(is_frozen(process) for process in processes(tmp_path))

        eventually(something_is_frozen, seconds=180)
        run.send_signal(signal.SIGINT)
        _, trouble = run.communicate()
    assert (run.returncode, "Interrupted." in trouble) == (130, True)
    assert processes(tmp_path) == []
    assert list(tmp_path.iterdir()) == []
