"""The bank: an external card processor with tokens, declines, delays and a ledger."""
