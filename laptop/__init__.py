"""Laptop mode: the whole market on one machine, without Docker, without root and without the network."""
