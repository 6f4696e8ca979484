"""The bank: a card processor outside of the market, with tokens, declines, delays and a ledger."""
