"""Rules and types of recommendations; imports only the standard library and nightmarket.limits."""
