"""Accounts: sign-up, sign-in, tokens and the keys that validate them."""
