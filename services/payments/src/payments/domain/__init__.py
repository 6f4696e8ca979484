"""The rules and types of payments."""
