"""Rules and dashboards use existing metrics and labels only."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from telemetry.tests import exported
from telemetry.tests.expressions import expressions, grouped_by, matchers, metrics, rules

PROTOS = Path(__file__).resolve().parents[3] / "libs" / "contracts" / "proto"
RECORDED = {rule["record"] for rule in rules() if "record" in rule}
KNOWN = exported.ours() | exported.ENVOY | exported.OTHERS


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('sum by (a, b) (rate(one{c="d, e"}[5m])) or vector(0)', {"one"}),
        ("max(two) > 900 and on (x) three:four5m / 1e3", {"two", "three:four5m"}),
        (
            'histogram_quantile(0.99, sum by (le) (rate(five_bucket{a!="b"}[$__rate_interval]))) * 60',
            {"five_bucket"},
        ),
    ],
)
def test_metric_names_are_parsed_from_an_expression(text: str, names: set[str]) -> None:
    assert metrics(text) == names


def test_every_metric_in_an_expression_is_exported() -> None:
    used = {(where, name) for where, text in expressions() for name in metrics(text)}
    assert len(used) > 60
    assert {(where, name) for where, name in used if name not in KNOWN | {n: () for n in RECORDED}} == set()


def test_every_label_in_a_selector_exists() -> None:
    used = {(where, *match[:2]) for where, text in expressions() for match in matchers(text)}
    assert len(used) > 20
    assert {use for use in used if use[2] not in KNOWN[use[1]] | exported.TARGET_LABELS} == set()


def test_every_label_in_a_grouping_exists() -> None:
    unknown = {
        (where, label)
        for where, text in expressions()
        for label in grouped_by(text)
        if not any(label in KNOWN.get(name, set()) | exported.TARGET_LABELS for name in metrics(text))
    }
    assert unknown == set()


def test_every_method_in_a_selector_is_in_the_contracts() -> None:
    text = "".join(path.read_text() for path in PROTOS.rglob("*.proto"))
    methods = set(re.findall(r"\brpc (\w+)", text))
    used = {value for _, text in expressions() for _, label, value in matchers(text) if label == "rpc_method"}
    assert used == {"PlaceOrder"}
    assert used <= methods


def test_every_recorded_metric_is_used() -> None:
    used = {name for _, text in expressions() for name in metrics(text)}
    assert RECORDED - used == set()
