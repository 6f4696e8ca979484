"""The tables of the bank.

A change of state, its request and its ledger entry are one statement, so a crash leaves all of them or none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from psycopg.errors import UniqueViolation

from bank.domain.authorizations import HOLD, Account, Authorization, Charge, Move, Operation, State
from bank.domain.cards import Card
from bank.domain.idempotency import Completed, Request
from chassis.postgres import Database, Row

_AUTHORIZE = """
WITH request AS (
    INSERT INTO requests (key, fingerprint, authorization_id, answered)
    VALUES (%(key)s, %(fingerprint)s, %(id)s, %(state)s)
    ON CONFLICT (key) DO NOTHING
    RETURNING authorization_id
), made AS (
    INSERT INTO authorizations
        (id, state, amount_cents, currency, token, reference, decline_reason, create_time)
    SELECT authorization_id, %(state)s, %(amount_cents)s, %(currency)s, %(token)s, %(reference)s,
           %(decline_reason)s, %(create_time)s
    FROM request
    RETURNING id, state, reference, amount_cents
), entry AS (
    INSERT INTO ledger (authorization_id, reference, operation, debit, credit, amount_cents)
    SELECT id, reference, %(operation)s, %(debit)s, %(credit)s, amount_cents
    FROM made WHERE state = 'AUTHORIZED'
)
SELECT id FROM made
"""

# The update's row lock lets one of several concurrent moves succeed; the others find another state.
_MOVE = """
WITH moved AS (
    UPDATE authorizations SET state = %(after)s
    WHERE id = %(id)s AND state = %(before)s
    RETURNING *
), request AS (
    INSERT INTO requests (key, fingerprint, authorization_id, answered)
    SELECT %(key)s, %(fingerprint)s, id, %(after)s FROM moved
), entry AS (
    INSERT INTO ledger (authorization_id, reference, operation, debit, credit, amount_cents)
    SELECT id, reference, %(operation)s, %(debit)s, %(credit)s, amount_cents FROM moved
)
SELECT * FROM moved
"""

_LOOK_UP = """
SELECT a.*, r.fingerprint, r.answered
FROM (VALUES (%(key)s, %(id)s)) AS asked (key, authorization_id)
LEFT JOIN requests r ON r.key = asked.key
LEFT JOIN authorizations a ON a.id = coalesce(r.authorization_id, asked.authorization_id)
"""

_LEDGER_PAGE = """
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
class Found:
    """The authorization of a request, and the completed request if its key was used before."""

    authorization: Authorization | None
    completed: Completed | None


@dataclass(frozen=True)
class Entry:
    """A ledger entry: an amount that moved from the account `debit` to the account `credit`."""

    position: int
    time: datetime
    authorization_id: str
    reference: str
    operation: str
    debit: str
    credit: str
    amount_cents: int


class Store:
    """Tokens, authorizations, requests and the ledger in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_token(self, token: str, card: Card) -> None:
        """Add a new token and its card."""
        with self._database.connection() as connection:
            connection.execute(
                "INSERT INTO tokens (token, brand, last4) VALUES (%s, %s, %s)",
                (token, card.brand, card.last4),
            )

    def has_token(self, token: str) -> bool:
        """Return whether the bank has issued this token."""
        row = self._row("SELECT 1 AS found FROM tokens WHERE token = %(token)s", {"token": token})
        return row is not None

    def authorization(self, authorization_id: str) -> Authorization | None:
        """Return the authorization with this id. Returns None if there is none."""
        row = self._row("SELECT * FROM authorizations WHERE id = %(id)s", {"id": authorization_id})
        return _authorization(row) if row else None

    def look_up(self, key: str, authorization_id: str = "") -> Found:
        """Return the completed request of this key, with its authorization; else the authorization with this id."""
        row = self._row(_LOOK_UP, {"key": key, "id": authorization_id})
        if row is None or row["id"] is None:
            return Found(None, None)
        found = _authorization(row)
        if row["fingerprint"] is None:
            return Found(found, None)
        return Found(found, Completed(row["fingerprint"], found, State(row["answered"])))

    def add_authorization(self, request: Request, authorization: Authorization) -> bool:
        """Add a new authorization with its request and entry. Returns False if the key was used before."""
        charge = authorization.charge
        values = {
            "key": request.key,
            "fingerprint": request.fingerprint,
            "id": authorization.id,
            "state": authorization.state,
            "amount_cents": charge.amount_cents,
            "currency": charge.currency,
            "token": charge.token,
            "reference": charge.reference,
            "decline_reason": authorization.decline_reason,
            "create_time": authorization.create_time,
            "operation": Operation.AUTHORIZE,
            "debit": HOLD.debit,
            "credit": HOLD.credit,
        }
        return self._row(_AUTHORIZE, values) is not None

    def move(self, request: Request, authorization_id: str, move: Move) -> Authorization | None:
        """Change an authorization's state, add the request and entry, and return the changed authorization.

        Returns None if nothing has changed: there is no such authorization, it is in another state, or the key was
        used before.
        """
        values = {
            "key": request.key,
            "fingerprint": request.fingerprint,
            "id": authorization_id,
            "before": move.before,
            "after": move.after,
            "operation": move.operation,
            "debit": move.posting.debit,
            "credit": move.posting.credit,
        }
        try:
            row = self._row(_MOVE, values)
        except UniqueViolation:
            return None
        return _authorization(row) if row else None

    def ledger_page(self, reference: str, after: int, size: int) -> tuple[list[Entry], bool]:
        """Return up to `size` entries behind position `after`, the oldest first, and whether there are more.

        If `reference` is empty, all entries match. An entry of a concurrent request may appear later at a position
        before the last one returned: for a consistent ledger, read it while no request is active.
        """
        values = {"after": after, "reference": reference, "limit": size + 1}
        with self._database.connection() as connection:
            rows = connection.execute(_LEDGER_PAGE, values).fetchall()
        return [Entry(**row) for row in rows[:size]], len(rows) > size

    def balances(self) -> dict[str, int]:
        """Return the credits of each account less its debits, in cents."""
        with self._database.connection() as connection:
            rows = connection.execute(_BALANCES).fetchall()
        return dict.fromkeys((account.value for account in Account), 0) | {
            row["account"]: row["cents"] for row in rows
        }

    def _row(self, query: str, values: Mapping[str, object]) -> Row | None:
        with self._database.connection() as connection:
            return connection.execute(query, values).fetchone()


def _authorization(row: Row) -> Authorization:
    charge = Charge(row["amount_cents"], row["currency"], row["token"], row["reference"])
    return Authorization(row["id"], State(row["state"]), charge, row["create_time"], row["decline_reason"])
