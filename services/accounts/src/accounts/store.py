"""The tables of accounts and of signing keys.

Schedules of keys use the database's clock, so that all replicas agree on the active key. Private keys are stored
unencrypted; README.md explains why.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg.errors import UniqueViolation
from psycopg.types.json import Json

from accounts.domain.accounts import Account, Credentials, EmailTaken
from accounts.domain.tokens import SigningKey, active_key, expired_keys, published_keys
from accounts.tokens import new_key_pair
from chassis.postgres import Connection, Database

KEYS_LOCK = 0x6B657973  # "keys" in ASCII: the id of the advisory lock for creating keys
KeyRows = dict[SigningKey, dict[str, Any]]


@dataclass(frozen=True)
class ActiveKey:
    """The key that signs now, and the database's time."""

    id: str
    private_pem: str
    now: datetime


class Store:
    """Accounts and signing keys in PostgreSQL. The first key is created on demand."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, credentials: Credentials) -> None:
        """Add a new account. Raises EmailTaken."""
        account = credentials.account
        try:
            with self._database.connection() as connection:
                connection.execute(
                    "INSERT INTO accounts (id, email, name, password_hash) VALUES (%s, %s, %s, %s)",
                    (account.id, account.email, account.name, credentials.password_hash),
                )
        except UniqueViolation:
            raise EmailTaken("There is already an account with this email address.") from None

    def find(self, email: str) -> Credentials | None:
        """Return the account with this normalized address. Returns None if there is none."""
        with self._database.connection() as connection:
            row = connection.execute(
                "SELECT id, email, name, password_hash FROM accounts WHERE email = %s", (email,)
            ).fetchone()
        if row is None:
            return None
        return Credentials(Account(row["id"], row["email"], row["name"]), row["password_hash"])

    def replace_hash(self, credentials: Credentials, password_hash: str) -> None:
        """Replace the hash by another one of the same password, if the password has not changed since."""
        with self._database.connection() as connection:
            connection.execute(
                "UPDATE accounts SET password_hash = %s WHERE id = %s AND password_hash = %s",
                (password_hash, credentials.account.id, credentials.password_hash),
            )

    def active_key(self, token_lifetime: timedelta) -> ActiveKey:
        """Return the key for a token with this lifetime; the key stays published until the token expires."""
        with self._database.connection() as connection:
            now, rows = _load_keys(connection)
            key = active_key(list(rows), now)
            if key.max_token_lifetime < token_lifetime:
                connection.execute(
                    "UPDATE signing_keys SET longest_token_seconds = greatest(longest_token_seconds, %s)"
                    " WHERE id = %s",
                    (int(token_lifetime.total_seconds()), key.id),
                )
        return ActiveKey(key.id, rows[key]["private_pem"], now)

    def jwks(self) -> list[dict[str, Any]]:
        """Return the public keys that validate tokens, the oldest first. Deletes expired keys."""
        with self._database.connection() as connection:
            now, rows = _load_keys(connection)
            _delete_keys(connection, expired_keys(list(rows), now))
        return [rows[key]["public_jwk"] for key in published_keys(list(rows), now)]

    def rotate_keys(self, activation: timedelta) -> SigningKey:
        """Create a key that is published at once and signs after `activation`. Deletes expired keys."""
        with self._database.transaction() as connection:
            _lock_keys(connection)
            now, rows = _load_keys(connection)
            _delete_keys(connection, expired_keys(list(rows), now))
            return _add_key(connection, now + activation)


def _load_keys(connection: Connection) -> tuple[datetime, KeyRows]:
    now, rows = _select_keys(connection)
    if rows:
        return now, rows
    # Replicas that start together may all get here. The lock lets one of them create the first key.
    with connection.transaction():
        _lock_keys(connection)
        now, rows = _select_keys(connection)
        if not rows:
            _add_key(connection, now)
    return _select_keys(connection)


def _select_keys(connection: Connection) -> tuple[datetime, KeyRows]:
    # One row with the time, even if there are no keys.
    rows = connection.execute(
        "SELECT clock_timestamp() AS now, signing_keys.*"
        " FROM (VALUES (1)) AS always LEFT JOIN signing_keys ON true"
    ).fetchall()
    keys = {
        SigningKey(row["id"], row["signs_from"], timedelta(seconds=row["longest_token_seconds"])): row
        for row in rows
        if row["id"] is not None
    }
    return rows[0]["now"], keys


def _add_key(connection: Connection, signs_from: datetime) -> SigningKey:
    pair = new_key_pair()
    connection.execute(
        "INSERT INTO signing_keys (id, private_pem, public_jwk, signs_from) VALUES (%s, %s, %s, %s)",
        (pair.id, pair.private_pem, Json(pair.public_jwk), signs_from),
    )
    return SigningKey(pair.id, signs_from)


def _delete_keys(connection: Connection, keys: Sequence[SigningKey]) -> None:
    if keys:
        connection.execute("DELETE FROM signing_keys WHERE id = ANY(%s)", ([key.id for key in keys],))


def _lock_keys(connection: Connection) -> None:
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (KEYS_LOCK,))
