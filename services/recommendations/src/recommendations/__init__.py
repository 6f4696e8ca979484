"""Recommendations: what is bought together, learned from confirmed orders."""
