"""The bank's ledger, by order."""

from collections import defaultdict
from dataclasses import dataclass

import requests

from tools.audit.snapshot import CAPTURE, Entry
from tools.audit.stores import Bank, Stores


@dataclass(frozen=True)
class Ledger:
    """The ledger of a stack's bank. Each call reads it again."""

    stores: Stores

    def operations(self, order_id: str) -> list[str]:
        """Return the operations for an order, oldest first: authorize, capture, void, refund."""
        return [entry.operation for entry in self._entries() if entry.reference == order_id]

    def captured(self) -> dict[str, list[int]]:
        """Return the cents of each capture, by order."""
        found: dict[str, list[int]] = defaultdict(list)
        for entry in self._entries():
            if entry.operation == CAPTURE:
                found[entry.reference].append(entry.amount_cents)
        return found

    def _entries(self) -> tuple[Entry, ...]:
        with requests.Session() as session:
            return Bank(session, self.stores).entries()
