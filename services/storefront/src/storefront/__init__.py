"""The storefront: the web shop that people see."""
