"""What is counted about parcels."""

from prometheus_client import Counter

PARCELS = Counter(
    "market_shipments_total", "Parcels that were begun (packing) or left (consigned).", ["state"]
)
