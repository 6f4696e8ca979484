from __future__ import annotations

import pytest
import yaml

from mesh.tests.cases import FOLDER, NAMES, output


@pytest.mark.parametrize("name", NAMES)
def test_policies_are_rendered_as_expected(name: str) -> None:
    folder = FOLDER / f"{name}.out"
    expected = {
        str(path.relative_to(folder)): yaml.safe_load(path.read_text()) for path in folder.rglob("*.yaml")
    }
    assert output(name) == expected


def test_every_expected_output_belongs_to_a_case() -> None:
    assert sorted(path.name.removesuffix(".out") for path in FOLDER.glob("*.out")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_case_has_an_effect(name: str) -> None:
    assert output(name)
