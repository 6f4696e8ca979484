"""The rules: pure functions from a snapshot to violations, with the standard library only."""

from tools.audit.rules import events, money, orders, stock
from tools.audit.rules.rule import Rule, Violation

RULES: tuple[Rule, ...] = (*orders.RULES, *money.RULES, *stock.RULES, *events.RULES)

__all__ = ["RULES", "Rule", "Violation"]
