"""Rules and types of inventory; imports only the standard library and nightmarket.limits."""
