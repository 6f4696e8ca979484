"""A running sidecar: its configuration files and its command line."""
