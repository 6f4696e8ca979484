"""Metrics of the storefront."""

from prometheus_client import Counter, Gauge

CAN_SELL = Gauge(
    "market_can_sell", "1 if the shop can sell, 0 if it cannot (see /readyz), NaN while the shop stops."
)
CHECKOUTS = Counter("market_checkouts_total", "Checkout forms submitted.", ["outcome"])
