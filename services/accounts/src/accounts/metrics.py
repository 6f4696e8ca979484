"""Metrics of accounts."""

from prometheus_client import Counter

CREATED = Counter("market_accounts_created_total", "Accounts created.")
SIGN_INS = Counter("market_sign_ins_total", "Attempts to sign in, by outcome: done or rejected.", ["outcome"])
