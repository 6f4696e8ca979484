"""Metrics of the bank."""

from prometheus_client import Counter

OPERATIONS = Counter(
    "market_bank_operations_total",
    "Authorizations by the state that they entered; repeated requests are not counted.",
    ["state"],
)
