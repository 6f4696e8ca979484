"""Shipping: quotes, and a consignment for every confirmed order."""
