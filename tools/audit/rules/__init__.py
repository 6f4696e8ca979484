"""The rules: pure functions from books to findings; the standard library only."""

from tools.audit.rules import bank, events, goods, lessons, mails, orders, payments, shipments
from tools.audit.rules.findings import Finding, Rule

RULES: tuple[Rule, ...] = (
    *orders.RULES,
    *bank.RULES,
    *payments.RULES,
    *goods.RULES,
    *shipments.RULES,
    *mails.RULES,
    *lessons.RULES,
    *events.RULES,
)

__all__ = ["RULES", "Finding", "Rule"]
