"""Orders: checkout as a durable saga."""
