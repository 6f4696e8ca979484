"""The rules and types of the catalogue; the standard library only."""
