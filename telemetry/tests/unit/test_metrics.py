"""Rules and dashboards ask for nothing that nobody exports."""

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
def test_the_names_of_metrics_are_found_in_an_expression(text: str, names: set[str]) -> None:
    assert metrics(text) == names


def test_every_metric_that_is_asked_for_is_exported() -> None:
    asked = {(where, name) for where, text in expressions() for name in metrics(text)}
    assert len(asked) > 60
    assert {(where, name) for where, name in asked if name not in KNOWN | {n: () for n in RECORDED}} == set()


def test_every_label_that_is_asked_for_is_one_of_its_metric() -> None:
    asked = {(where, *match[:2]) for where, text in expressions() for match in matchers(text)}
    assert len(asked) > 20
    assert {ask for ask in asked if ask[2] not in KNOWN[ask[1]] | exported.ON_ALL} == set()


def test_nothing_is_grouped_by_a_label_that_none_of_its_metrics_has() -> None:
    lost = {
        (where, label)
        for where, text in expressions()
        for label in grouped_by(text)
        if not any(label in KNOWN.get(name, set()) | exported.ON_ALL for name in metrics(text))
    }
    assert lost == set()


def test_every_method_that_is_asked_for_is_in_the_contracts() -> None:
    text = "".join(path.read_text() for path in PROTOS.rglob("*.proto"))
    methods = set(re.findall(r"\brpc (\w+)", text))
    asked = {
        value for _, text in expressions() for _, label, value in matchers(text) if label == "rpc_method"
    }
    assert asked == {"PlaceOrder"}
    assert asked <= methods


def test_what_is_recorded_is_looked_at() -> None:
    looked_at = {name for _, text in expressions() for name in metrics(text)}
    assert RECORDED - looked_at == set()
