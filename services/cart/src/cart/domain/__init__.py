"""The rules and types of carts."""
