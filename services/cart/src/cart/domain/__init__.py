"""The rules and types of the basket; the standard library only."""
