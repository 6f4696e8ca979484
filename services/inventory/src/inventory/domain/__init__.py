"""The rules and types of the stock; the standard library only."""
