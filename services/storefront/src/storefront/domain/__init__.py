"""What the shop's pages show, and its few rules; the standard library only."""
