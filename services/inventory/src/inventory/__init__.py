"""Inventory: the stock, and the pieces that are kept for orders."""
