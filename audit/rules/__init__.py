"""The rules: pure functions from books to findings; the standard library only."""

from audit.rules import bank
from audit.rules.findings import Finding, Rule

RULES: tuple[Rule, ...] = (*bank.RULES,)

__all__ = ["RULES", "Finding", "Rule"]
