"""The committed files are those that the .proto files generate."""

from __future__ import annotations

import filecmp
import subprocess
import sys
from pathlib import Path

import pytest

CONTRACTS = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with newly generated files."""
    output = tmp_path_factory.mktemp("generated")
    subprocess.run([sys.executable, CONTRACTS / "generate.py", output], check=True)
    return output


def files(folder: Path) -> set[str]:
    """Return the generated files. Modules directly in nightmarket are written by hand."""
    kinds = (".py", ".pyi", ".pb")
    found = {path.relative_to(folder) for path in folder.rglob("*") if path.suffix in kinds}
    return {str(path) for path in found if path.suffix == ".pb" or len(path.parts) > 2}


def test_every_generated_file_is_committed(generated: Path) -> None:
    assert files(generated / "src") == files(CONTRACTS / "src")


def test_the_committed_files_are_up_to_date(generated: Path) -> None:
    names = [f"src/{name}" for name in sorted(files(generated / "src"))] + ["openapi.json"]
    _, different, unreadable = filecmp.cmpfiles(generated, CONTRACTS, names, shallow=False)
    assert (different, unreadable) == ([], []), "run `make contracts`"
