import pytest

from tools.audit.rules import RULES
from tools.audit.tests.unit.fabricated import a_market


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_market_in_order_breaks_no_rule(rule):
    assert rule.findings(a_market()) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_says_in_few_words_what_it_compares(rule):
    # So that a line has 100 columns at most, also where the figures are large.
    expected, found = rule.sides(a_market())
    assert len(rule.name) <= 17
    assert 0 < len(expected) <= 30
    assert 0 < len(found) <= 36


def test_no_two_rules_have_one_name():
    assert len({rule.name for rule in RULES}) == len(RULES)
