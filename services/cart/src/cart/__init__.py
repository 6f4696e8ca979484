"""The cart: a basket for each account."""
