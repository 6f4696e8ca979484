"""The rules and types of the accounts; the standard library only."""
