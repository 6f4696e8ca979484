"""Inject faults into a running stack while users buy, and verify that nothing is lost: `make chaos`."""
