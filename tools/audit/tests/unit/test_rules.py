import pytest

from tools.audit.rules import RULES
from tools.audit.tests.unit.example import example_snapshot


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_consistent_snapshot_violates_no_rule(rule):
    assert rule.violations(example_snapshot()) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_summary_of_a_rule_is_short(rule):
    # A line of the table must not exceed 100 columns, even if the figures are large.
    expected, found = rule.summary(example_snapshot())
    assert len(rule.name) <= 17
    assert 0 < len(expected) <= 30
    assert 0 < len(found) <= 36


def test_the_names_of_rules_are_unique():
    assert len({rule.name for rule in RULES}) == len(RULES)
