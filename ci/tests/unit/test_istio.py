"""Policies are held against Istio's own schemas."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci.istio import of_file
from tests.conventions.repository import ROOT

RULE = """
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: desk, namespace: night-market}
spec:
  host: desk
  trafficPolicy:
    retryBudget: {percent: 20}
    outlierDetection: {interval: 5s}
"""


@pytest.fixture
def problems(tmp_path):
    """What is said about the rule with one thing in it changed."""

    def said(old: str, new: str) -> list[str]:
        assert old in RULE
        file = tmp_path / "rule.yaml"
        file.write_text(RULE.replace(old, new, 1))
        return [line.removeprefix(f"{file}: ") for line in of_file(file)]

    return said


@pytest.mark.parametrize("file", sorted((ROOT / "mesh").glob("[lp]*/*.yaml")), ids=lambda file: file.stem)
def test_a_policy_is_one_of_istio_s(file: Path) -> None:
    assert list(of_file(file)) == []


def test_a_field_that_is_newer_than_the_schemas_is_known_by_name(problems):
    assert problems("desk", "desk") == []


def test_a_misspelt_field_is_named(problems):
    assert problems("interval", "intervall") == [
        "DestinationRule/desk: Istio knows no spec.trafficPolicy.outlierDetection.intervall"
    ]


def test_a_value_of_another_type_is_named(problems):
    (line,) = problems("host: desk", "host: [desk]")
    assert line.startswith("DestinationRule/desk: 1 validation error for DestinationRule")
    assert "spec.host" in line


def test_an_unknown_kind_is_named(problems):
    assert problems("DestinationRule", "DestinationRules") == [
        "Istio has no DestinationRules of networking.istio.io/v1"
    ]
