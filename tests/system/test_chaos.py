"""A short torment with a known seed, and one that is interrupted, each in a throw-away market of its own."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from chaos.injection import targets
from chaos.schedule import Kind, schedule
from laptop.home import MARKER
from laptop.topology import SERVICES

ROOT = Path(__file__).parents[2]
eventually = retry(
    retry=retry_if_exception_type(AssertionError), stop=stop_after_delay(60), wait=wait_fixed(0.05), reraise=True
)  # fmt: skip


def chaos(folder, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "chaos", *arguments], cwd=ROOT, env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def processes(folder):
    """What runs of a market in this folder."""
    return [process for process in psutil.process_iter() if str(folder) in home_of(process)]


def seed_of_a_long_freeze(seconds):
    """A seed whose schedule begins with a program that is frozen for a while."""
    firsts = ((seed, schedule(seed, seconds, targets(SERVICES))[0]) for seed in range(10_000))
    return next(seed for seed, fault in firsts if fault.kind is Kind.STOP and fault.duration > 5)


def home_of(process):
    try:
        return process.environ().get(MARKER, "")
    except (psutil.Error, OSError):
        return ""


def test_nothing_is_lost_while_everything_breaks(tmp_path):
    run = chaos(tmp_path, "--seed=4", "--minutes=0.4")
    said, trouble = run.communicate(timeout=400)
    assert run.returncode == 0, said + trouble
    first, heading, *lines = said.split("\n\n")[0].splitlines() + said.split("\n\n")[1].splitlines()
    assert (first, heading.split()[-1]) == ("seed 4", "FINDINGS")
    assert len(lines) > 10
    assert {line.split()[-1] for line in lines} == {"0"}
    assert "Nothing was lost, and nobody was left without an answer." in said
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_torment_leaves_nothing_running(tmp_path):
    run = chaos(tmp_path, f"--seed={seed_of_a_long_freeze(60)}", "--minutes=1")

    @eventually
    def something_is_frozen():
        assert run.poll() is None
        assert [p for p in processes(tmp_path) if p.status() == psutil.STATUS_STOPPED]

    something_is_frozen()
    run.send_signal(signal.SIGINT)
    _, trouble = run.communicate(timeout=60)
    assert (run.returncode, "Interrupted. The market is closed." in trouble) == (130, True)
    assert processes(tmp_path) == []
    assert list(tmp_path.iterdir()) == []
