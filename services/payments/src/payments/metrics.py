"""The metrics of payments, besides those of the RPCs."""

from prometheus_client import Counter, Histogram

PAYMENTS = Counter(
    "market_payments_total",
    "Payments by outcome: authorized, declined, captured, voided or refunded; unknown if the bank did not answer.",
    ["outcome"],
)
CENTS = Counter(
    "market_payments_cents_total",
    "Amount of these payments in cents, without those of unknown outcome.",
    ["outcome"],
)
BANK_REQUESTS = Histogram(
    "market_bank_request_duration_seconds",
    "Duration of requests to the bank. The status is 0 if the bank did not answer.",
    ["operation", "status"],
    buckets=(0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
