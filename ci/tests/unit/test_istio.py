from __future__ import annotations

from pathlib import Path

import pytest

from ci.istio import problems_in
from tests.conventions.repository import ROOT

FILES = sorted(path for folder in ("policies", "labs") for path in (ROOT / "mesh" / folder).glob("*.yaml"))
RULE = """
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web, namespace: night-market}
spec:
  host: web
  trafficPolicy:
    retryBudget: {percent: 20}
    outlierDetection: {interval: 5s}
"""


@pytest.fixture
def problems(tmp_path):
    """Return a function that returns the problems of the rule after one replacement in its text."""

    def check(old: str, new: str) -> list[str]:
        assert old in RULE
        file = tmp_path / "rule.yaml"
        file.write_text(RULE.replace(old, new, 1))
        return [line.removeprefix(f"{file}: ") for line in problems_in(file)]

    return check


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_policies_and_labs_are_valid_istio_resources(file: Path) -> None:
    assert list(problems_in(file)) == []


def test_a_field_that_is_newer_than_the_schemas_is_accepted_by_name(problems):
    assert problems("web", "web") == []


def test_a_misspelled_field_is_an_error(problems):
    assert problems("interval", "intervall") == [
        "DestinationRule/web: Istio does not have the field spec.trafficPolicy.outlierDetection.intervall"
    ]


def test_a_value_of_the_wrong_type_is_an_error(problems):
    (line,) = problems("host: web", "host: [web]")
    assert line.startswith("DestinationRule/web: 1 validation error for DestinationRule")
    assert "spec.host" in line


def test_an_unknown_kind_is_an_error(problems):
    assert problems("DestinationRule", "DestinationRules") == [
        "Istio has no DestinationRules of networking.istio.io/v1"
    ]
