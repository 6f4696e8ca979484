"""Shipping: quotes, and a shipment for every confirmed order."""
