"""The rules and types of orders; the standard library only."""
