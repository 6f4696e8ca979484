"""Event subjects: the NATS subject, and CloudEvents type, of each message in nightmarket.events.v1."""

ORDER_CONFIRMED = "market.orders.confirmed"
ORDER_CANCELLED = "market.orders.cancelled"
ORDER_SHIPPED = "market.shipping.shipped"

# The subject of ORDER_SHIPPED before its rename. Events under it can still be in an outbox or in JetStream, which keeps
# them for seven days, so consumers handle both. Remove it once no deployment older than the rename is left.
ORDER_SHIPPED_OLD = "market.shipping.consigned"
