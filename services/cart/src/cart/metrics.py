"""The metrics of the cart."""

from prometheus_client import Counter

EDITS = Counter("market_cart_edits_total", "Edits of carts that succeeded.", ["edit"])
