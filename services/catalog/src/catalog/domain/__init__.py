"""Rules and types of the catalog; imports only the standard library and nightmarket.limits."""
