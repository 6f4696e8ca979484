"""Shoppers in a market where everything breaks: nothing may be lost, and nobody may be left without an answer."""
