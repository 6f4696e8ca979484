"""Metrics of inventory."""

from prometheus_client import Counter

RESERVATIONS = Counter("market_reservations_total", "Reservations by outcome.", ["outcome"])
