"""Shipping: quotes, and a shipment for each confirmed order."""
