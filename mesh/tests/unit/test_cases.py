"""What goes in and what comes out, in pairs of files."""

from __future__ import annotations

import pytest
import yaml

from mesh.tests.cases import FOLDER, NAMES, output


@pytest.mark.parametrize("name", NAMES)
def test_policies_become_what_the_files_say(name: str) -> None:
    folder = FOLDER / f"{name}.out"
    written = {
        str(path.relative_to(folder)): yaml.safe_load(path.read_text()) for path in folder.rglob("*.yaml")
    }
    assert output(name) == written


def test_every_output_belongs_to_a_case() -> None:
    assert sorted(path.name.removesuffix(".out") for path in FOLDER.glob("*.out")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_case_changes_something(name: str) -> None:
    assert output(name)
