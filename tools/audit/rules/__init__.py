"""The rules: pure functions from books to findings; the standard library only."""

from tools.audit.rules import bank, events, goods, lessons, mails, orders, parcels, payments
from tools.audit.rules.findings import Finding, Rule

RULES: tuple[Rule, ...] = (
    *orders.RULES,
    *bank.RULES,
    *payments.RULES,
    *goods.RULES,
    *parcels.RULES,
    *mails.RULES,
    *lessons.RULES,
    *events.RULES,
)

__all__ = ["RULES", "Finding", "Rule"]
