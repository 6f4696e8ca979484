"""The cart: one for each account."""
