"""The accounts: sign-up, sign-in, tokens and the keys that check them."""
