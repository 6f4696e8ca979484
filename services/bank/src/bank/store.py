"""The bank's tables.

A change of state, its request and its ledger entry are one statement: all of them are there or none.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from psycopg.errors import UniqueViolation

from bank.domain.authorizations import HOLD, Authorization, Charge, Move, Operation, State
from bank.domain.cards import Card
from bank.domain.requests import Answered, Request
from chassis.database import Database, Row

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

# The row lock of the update lets one of several concurrent moves through; the others find another state.
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

_LOOK = """
SELECT a.*, r.fingerprint, r.answered
FROM (VALUES (%(key)s, %(id)s)) AS asked (key, authorization_id)
LEFT JOIN requests r ON r.key = asked.key
LEFT JOIN authorizations a ON a.id = coalesce(r.authorization_id, asked.authorization_id)
"""


@dataclass(frozen=True)
class Seen:
    """What is known of a request: its authorization, and its answer if it was done before."""

    authorization: Authorization | None
    answered: Answered | None


class Store:
    """Tokens, authorizations and requests in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_token(self, token: str, card: Card) -> None:
        """Remembers what a new token stands for."""
        with self._database.connection() as connection:
            connection.execute(
                "INSERT INTO tokens (token, brand, last4) VALUES (%s, %s, %s)",
                (token, card.brand, card.last4),
            )

    def has_token(self, token: str) -> bool:
        """Whether the bank made this token."""
        return (
            self._row("SELECT 1 AS found FROM tokens WHERE token = %(token)s", {"token": token}) is not None
        )

    def authorization(self, authorization_id: str) -> Authorization | None:
        """The authorization of this id."""
        row = self._row("SELECT * FROM authorizations WHERE id = %(id)s", {"id": authorization_id})
        return _authorization(row) if row else None

    def seen(self, key: str, authorization_id: str = "") -> Seen:
        """What is known about a request: under its key, or of the authorization it names."""
        row = self._row(_LOOK, {"key": key, "id": authorization_id})
        if row is None or row["id"] is None:
            return Seen(None, None)
        found = _authorization(row)
        if row["fingerprint"] is None:
            return Seen(found, None)
        return Seen(found, Answered(row["fingerprint"], found, State(row["answered"])))

    def add_authorization(self, request: Request, made: Authorization) -> bool:
        """Records a new authorization with its request and entry; False where the key was used before."""
        charge = made.charge
        values = {
            "key": request.key,
            "fingerprint": request.fingerprint,
            "id": made.id,
            "state": made.state,
            "amount_cents": charge.amount_cents,
            "currency": charge.currency,
            "token": charge.token,
            "reference": charge.reference,
            "decline_reason": made.decline_reason,
            "create_time": made.create_time,
            "operation": Operation.AUTHORIZE,
            "debit": HOLD.debit,
            "credit": HOLD.credit,
        }
        return self._row(_AUTHORIZE, values) is not None

    def move(self, request: Request, authorization_id: str, move: Move) -> Authorization | None:
        """Records a change of state with its request and entry, and returns the authorization as it is then.

        None where nothing has changed: there is no such authorization, it is in another state, or the key was
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

    def _row(self, query: str, values: Mapping[str, object]) -> Row | None:
        with self._database.connection() as connection:
            return connection.execute(query, values).fetchone()


def _authorization(row: Row) -> Authorization:
    charge = Charge(row["amount_cents"], row["currency"], row["token"], row["reference"])
    return Authorization(row["id"], State(row["state"]), charge, row["create_time"], row["decline_reason"])
