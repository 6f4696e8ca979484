"""The rules and types of the notifications; the standard library only."""
