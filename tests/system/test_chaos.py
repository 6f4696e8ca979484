"""A short chaos run with a known seed, and one that is interrupted, each with an ephemeral stack."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import psutil

from laptop.state_dir import MARKER
from tests.support.waiting import wait_until
from tests.system.conftest import MESH
from tools.chaos.injector import targets
from tools.chaos.schedule import Kind, schedule
from topology import SERVICES

ROOT = Path(__file__).parents[2]


@contextmanager
def chaos(folder, *arguments):
    """Starts a run with its files in this folder, and ends it after the block."""
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
    """Return the processes of a stack in this folder."""
    return [process for process in psutil.process_iter() if str(folder) in state_dir_of(process)]


def seed_with_a_long_pause(seconds):
    """Return a seed whose first fault pauses a program for more than 5 seconds."""
    found = targets(SERVICES, mesh=bool(MESH))
    firsts = ((seed, schedule(seed, seconds, found)[0]) for seed in range(10_000))
    return next(seed for seed, fault in firsts if fault.kind is Kind.PAUSE and fault.duration > 5)


def state_dir_of(process):
    try:
        return process.environ().get(MARKER, "")
    except (psutil.Error, OSError):
        return ""


def is_paused(process):
    try:
        return process.status() == psutil.STATUS_STOPPED
    except psutil.NoSuchProcess:
        return False


def test_nothing_is_lost_while_faults_are_injected(tmp_path):
    with chaos(tmp_path, "--seed=4", "--minutes=0.4") as run:
        output, errors = run.communicate()
    assert run.returncode == 0, output + errors
    seed, faults, purchases, audit, violations, command = output.rstrip().split("\n\n")
    assert seed == "seed 4"
    summary, heading, *rows = faults.splitlines()
    assert summary.endswith("faults injected in 24 s, seed 4")
    assert (heading.split()[-1], len(rows) > 10) == ("VIOLATIONS", True)
    assert {row.split()[-1] for row in rows} == {"0"}
    # Whether a shipment has left by then depends on the speed of the machine.
    assert "confirmed" in purchases or "shipped" in purchases
    assert "ledger" in audit
    assert violations == "Violations: none. Nothing was lost, and every request got a clear response."
    assert command.startswith("Run it again: make chaos SEED=4 MINUTES=0.4")
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_run_leaves_nothing_running(tmp_path):
    with chaos(tmp_path, f"--seed={seed_with_a_long_pause(60)}", "--minutes=1") as run:

        def a_program_is_paused():
            assert run.poll() is None, run.communicate()
            return any(is_paused(process) for process in processes(tmp_path))

        wait_until(a_program_is_paused, timeout=180)
        run.send_signal(signal.SIGINT)
        _, errors = run.communicate()
    assert (run.returncode, "Interrupted." in errors) == (130, True)
    assert processes(tmp_path) == []
    assert list(tmp_path.iterdir()) == []
