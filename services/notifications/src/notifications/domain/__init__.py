"""The rules and types of notifications."""
