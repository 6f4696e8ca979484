"""The rules and types of payments; the standard library only."""
