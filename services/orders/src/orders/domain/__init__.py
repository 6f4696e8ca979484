"""The rules and types of orders."""
