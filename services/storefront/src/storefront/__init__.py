"""The storefront: the web shop."""
