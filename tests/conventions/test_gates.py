"""Every test belongs to exactly one gate, so that none is forgotten and none runs twice."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.conventions.repository import ROOT, files, relative

STEPS = ROOT / "ci" / "steps"
GATES = ("unit", "service", "gateway", "system")
WITH_DOCKER = "containers"


def folders(gate: str) -> tuple[list[str], list[str]]:
    """The folders that a gate runs, and those that it leaves out."""
    call = re.findall(
        r"^(?:run_tests|run_parallel \d) .*$", (STEPS / f"{gate}.sh").read_text(), re.MULTILINE
    )[-1]
    run = 'run_tests() { shift; printf \'%s\\n\' "$@"; }; run_parallel() { run_tests "${@:2}"; }'
    script = f"shopt -s nullglob; {run}; {call}"
    answer = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    lines = answer.stdout.split()
    left_out = [line.removeprefix("--ignore=") for line in lines if line.startswith("--ignore=")]
    return [line for line in lines if not line.startswith("-")], left_out


def runs(gate: str, test: Path) -> bool:
    """Whether the gate runs the test."""
    taken, left_out = folders(gate)
    is_within = [any(test.is_relative_to(ROOT / folder) for folder in group) for group in (taken, left_out)]
    return is_within == [True, False]


def test_every_test_belongs_to_one_gate() -> None:
    all_folders = {test.parent for test in files(".py") if test.name.startswith("test_")}
    assert len(all_folders) > 5
    gates = {
        relative(folder): [gate for gate in (*GATES, WITH_DOCKER) if runs(gate, folder)]
        for folder in sorted(all_folders)
    }
    assert {folder: found for folder, found in gates.items() if len(found) != 1} == {}


def test_continuous_integration_runs_every_gate_and_all_crashes() -> None:
    commands = re.findall(r"^(make \S+)", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    assert commands == ["make lint", "make test", "make test-crash", "make test-containers"]


def test_make_test_runs_every_gate() -> None:
    answer = subprocess.run(["make", "-n", "test"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert [f"ci/steps/{gate}.sh" for gate in GATES] == answer.stdout.split()
