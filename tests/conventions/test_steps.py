"""Every test belongs to exactly one CI step, so that none is forgotten and none runs twice."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.conventions.repository import ROOT, files, relative

STEPS = ROOT / "ci" / "steps"
IN_MAKE_TEST = ("unit", "service", "gateway", "system")
WITH_DOCKER = "containers"


def folders(step: str) -> tuple[list[str], list[str]]:
    """Return the folders that a step runs and those that it ignores."""
    call = re.findall(
        r"^(?:run_tests|run_parallel \d) .*$", (STEPS / f"{step}.sh").read_text(), re.MULTILINE
    )[-1]
    run = 'run_tests() { shift; printf \'%s\\n\' "$@"; }; run_parallel() { run_tests "${@:2}"; }'
    script = f"shopt -s nullglob; {run}; {call}"
    result = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    lines = result.stdout.split()
    ignored = [line.removeprefix("--ignore=") for line in lines if line.startswith("--ignore=")]
    return [line for line in lines if not line.startswith("-")], ignored


def runs(step: str, test: Path) -> bool:
    """Return whether the step runs the test."""
    included, ignored = folders(step)
    is_within = [any(test.is_relative_to(ROOT / folder) for folder in group) for group in (included, ignored)]
    return is_within == [True, False]


def test_every_test_belongs_to_one_step() -> None:
    all_folders = {test.parent for test in files(".py") if test.name.startswith("test_")}
    assert len(all_folders) > 5
    steps = {
        relative(folder): [step for step in (*IN_MAKE_TEST, WITH_DOCKER) if runs(step, folder)]
        for folder in sorted(all_folders)
    }
    assert {folder: found for folder, found in steps.items() if len(found) != 1} == {}


def test_continuous_integration_runs_all_steps() -> None:
    commands = re.findall(r"^(make \S+)", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    assert commands == ["make lint", "make test", "make test-crash", "make test-containers"]


def test_make_test_runs_its_steps() -> None:
    result = subprocess.run(["make", "-n", "test"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert [f"ci/steps/{step}.sh" for step in IN_MAKE_TEST] == result.stdout.split()
