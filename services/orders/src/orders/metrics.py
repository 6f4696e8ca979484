"""The metrics of orders and of their saga."""

from prometheus_client import Counter, Gauge

ORDERS = Counter("market_orders_total", "Orders that reached a state.", ["state", "reason"])
STEPS = Counter("market_saga_steps_total", "Steps of the checkout saga, by outcome.", ["step", "outcome"])
UNFINISHED = Gauge("market_orders_unfinished", "Orders with a step left to do. NaN if the database is down.")
OLDEST = Gauge(
    "market_orders_unfinished_oldest_seconds",
    "Seconds without progress of the oldest of them: since it was placed or, if confirmed, since its last step.",
)
