"""The audit: compares every service's own store with the bank's ledger. `run` is its interface for other programs."""

from tools.audit.reader import read
from tools.audit.report import Report
from tools.audit.rules import Violation
from tools.audit.runner import run
from tools.audit.snapshot import Snapshot
from tools.audit.stores import NotRunning, StoreError, Stores

__all__ = ["NotRunning", "Report", "Snapshot", "StoreError", "Stores", "Violation", "read", "run"]
