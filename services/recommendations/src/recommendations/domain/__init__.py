"""The rules and types of recommendations; the standard library only."""
