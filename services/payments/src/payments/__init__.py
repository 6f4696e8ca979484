"""Payments: the market's side of the bank."""
