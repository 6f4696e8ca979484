"""Rules and types of accounts; imports only the standard library and nightmarket.limits."""
