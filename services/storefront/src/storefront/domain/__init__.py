"""The shop's data and rules. Imports only the standard library and the shared limits."""
