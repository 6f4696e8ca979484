"""Recommendations: products that are bought together, learned from confirmed orders."""
