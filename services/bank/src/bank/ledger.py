"""The ledger, to be read: it is written together with what it tells of, see store.py."""

from dataclasses import dataclass
from datetime import datetime

from bank.domain.authorizations import Account
from chassis.database import Database

_PAGE = """
SELECT position, time, authorization_id, reference, operation, debit, credit, amount_cents
FROM ledger
WHERE position > %(after)s AND (%(reference)s = '' OR reference = %(reference)s)
ORDER BY position LIMIT %(limit)s
"""

_BALANCES = """
SELECT account, sum(amount)::bigint AS cents
FROM ledger, LATERAL (VALUES (credit, amount_cents), (debit, -amount_cents)) AS side (account, amount)
GROUP BY account
"""


@dataclass(frozen=True)
class Entry:
    """An amount that went from the account `debit` to the account `credit`."""

    position: int
    time: datetime
    authorization_id: str
    reference: str
    operation: str
    debit: str
    credit: str
    amount_cents: int


class Ledger:
    """The ledger in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, reference: str, after: int, size: int) -> tuple[list[Entry], bool]:
        """Up to `size` entries behind position `after`, the oldest first, and whether there are more.

        An empty `reference` means all. An entry that is being written meanwhile may turn up later at a
        position before the last one returned: to compare books, read when no request is on its way.
        """
        values = {"after": after, "reference": reference, "limit": size + 1}
        with self._database.connection() as connection:
            rows = connection.execute(_PAGE, values).fetchall()
        return [Entry(**row) for row in rows[:size]], len(rows) > size

    def balances(self) -> dict[str, int]:
        """What each account has got less what it has given, in cents."""
        with self._database.connection() as connection:
            rows = connection.execute(_BALANCES).fetchall()
        return dict.fromkeys((account.value for account in Account), 0) | {
            row["account"]: row["cents"] for row in rows
        }
