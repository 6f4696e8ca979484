"""The rules and types of shipping; the standard library only."""
