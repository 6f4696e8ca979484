"""The rules and types of shipping."""
