"""The rules and types of the bank; the standard library only."""
