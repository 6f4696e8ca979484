"""The rules and types of the basket."""
