"""Inventory: stock, and reservations for orders."""
