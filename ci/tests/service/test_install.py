"""Install the virtual environment: first, again, after a move, and with errors."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ci import install

ROOT = Path(__file__).resolve().parents[3]
NO_NETWORK = "WARNING: Retrying ... Failed to establish a new connection: [Errno 111] Connection refused"
CHANGED = """ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.
    flask==3.1.3 from somewhere:
        Expected sha256 00
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installed checkout with an empty lock, in a folder with a space in its name."""
    checkout = tmp_path_factory.mktemp("a checkout")
    for script in ("install.sh", "install.py"):
        (checkout / "ci").mkdir(exist_ok=True)
        shutil.copy(ROOT / "ci" / script, checkout / "ci" / script)
    (checkout / "services" / "lantern" / "src" / "lantern").mkdir(parents=True)
    (checkout / "services" / "lantern" / "src" / "lantern" / "__init__.py").touch()
    (checkout / "requirements.txt").touch()
    assert run_install(checkout).returncode == 0
    return checkout


def run_install(checkout: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PIP_NO_INDEX": "1"}
    command: list[str | Path] = [checkout / "ci" / "install.sh", "run"]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def imports_lantern(checkout: Path) -> bool:
    python = checkout / ".venv" / "bin" / "python"
    return subprocess.run([python, "-c", "import lantern"], check=False, cwd="/").returncode == 0


def test_a_second_installation_prints_nothing(installed: Path) -> None:
    again = run_install(installed)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


def test_the_services_are_importable_from_anywhere(installed: Path) -> None:
    assert imports_lantern(installed)


def test_a_moved_checkout_works_without_a_new_installation(installed: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved checkout"
    shutil.copytree(installed, moved, symlinks=True)
    answer = run_install(moved)
    assert (answer.returncode, answer.stdout) == (0, "")
    assert str(moved) in (moved / ".venv" / "bin" / "pip").read_text()
    assert imports_lantern(moved)


def test_a_changed_lock_is_installed_again_and_a_missing_wheel_is_reported(
    installed: Path, tmp_path: Path
) -> None:
    changed = tmp_path / "changed"
    shutil.copytree(installed, changed, symlinks=True)
    (changed / "requirements.txt").write_text(f"night-market-lantern==1.0 \\\n    --hash=sha256:{'0' * 64}\n")
    answer = run_install(changed)
    assert answer.returncode == 1
    assert "installing 1 packages" in answer.stdout
    assert answer.stderr.startswith("install: night-market-lantern has no wheel for this machine (")
    assert answer.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("output", "explanation"),
    [
        (
            f"{NO_NETWORK}\nERROR: No matching distribution found for flask==3.1.3",
            "cannot reach the package index",
        ),
        (CHANGED, "the hash of flask==3.1.3 does not match the lock"),
        ("Collecting flask\nERROR: No space left on device\n", "pip failed: ERROR: No space left on device"),
    ],
)
def test_a_failure_is_explained_in_one_line(output: str, explanation: str) -> None:
    answer = install.explain(output)
    assert answer.startswith(explanation)
    assert "\n" not in answer


def test_without_a_recent_python_the_error_is_one_line(installed: Path, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("bash", "dirname"):
        (programs / name).symlink_to(shutil.which(name) or name)
    checkout = tmp_path / "checkout"
    shutil.copytree(installed / "ci", checkout / "ci")
    answer = subprocess.run(
        ["bash", checkout / "ci" / "install.sh", "run"],
        capture_output=True, text=True, env={"PATH": str(programs)}, check=False,
    )  # fmt: skip
    assert answer.returncode == 1
    assert answer.stderr.startswith("install: Python 3.11 or newer is required")
    assert answer.stderr.count("\n") == 1
