"""Keeps running sidecars up to date: configuration files, certificates and policy changes."""
