"""The metrics of shipments."""

from prometheus_client import Counter

SHIPMENTS = Counter(
    "market_shipments_total", "Shipments by state that they reached: packing, shipped.", ["state"]
)
