"""The rules and types of the notifications."""
