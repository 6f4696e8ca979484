"""What is measured of the orders as a whole, each time somebody looks."""

from prometheus_client import Gauge

UNFINISHED = Gauge(
    "market_orders_unfinished", "Orders with something left to do; NaN where the database is down."
)
OLDEST = Gauge(
    "market_orders_unfinished_oldest_seconds",
    "For how long the oldest of them has not got on: since it was placed or, once confirmed, since its last step.",
)
