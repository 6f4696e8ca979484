"""Rules and types of the bank; imports only the standard library."""
