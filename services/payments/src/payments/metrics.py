"""What is counted beside the calls themselves."""

from prometheus_client import Counter, Histogram

PAYMENTS = Counter(
    "market_payments_total",
    "Payments by outcome: authorized, declined, captured, voided, refunded, or unknown without an answer.",
    ["outcome"],
)
CENTS = Counter(
    "market_payments_cents_total",
    "What these payments were of, in cents, unknown ones left out.",
    ["outcome"],
)
BANK_REQUESTS = Histogram(
    "market_bank_request_duration_seconds",
    "How long the bank took to answer; status 0 where it did not.",
    ["operation", "status"],
    buckets=(0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
