"""The signing keys: made, kept and published. All times are the database's, so that all replicas agree.

The private keys are in the table as they are; README.md says why.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.algorithms import ECAlgorithm
from psycopg.types.json import Json

from accounts.domain.keys import Key, over, published, signer
from chassis.postgres import Connection, Database

ALGORITHM = "ES256"
KEYS_LOCK = 0x6B657973  # "keys": the number of the advisory lock around making them
_Jwk = dict[str, Any]


@dataclass(frozen=True)
class Signer:
    """The key that signs now, and the time that it is now."""

    id: str
    private_pem: str
    now: datetime


class Keyring:
    """The keys in PostgreSQL. The first one is made when keys are first asked for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def signer(self, token_lifetime: timedelta) -> Signer:
        """The key for a token that lives this long from now; it is published until that token expires."""
        with self._database.connection() as connection:
            now, keys = _filled(connection)
            key = signer(list(keys), now)
            if key.longest_token < token_lifetime:
                connection.execute(
                    "UPDATE signing_keys SET longest_token_seconds = greatest(longest_token_seconds, %s)"
                    " WHERE id = %s",
                    (int(token_lifetime.total_seconds()), key.id),
                )
        return Signer(key.id, keys[key]["private_pem"], now)

    def jwks(self) -> list[_Jwk]:
        """The public keys to check tokens with, oldest first. Deletes the keys that nobody needs any more."""
        with self._database.connection() as connection:
            now, keys = _filled(connection)
            _drop(connection, over(list(keys), now))
        return [keys[key]["public_jwk"] for key in published(list(keys), now)]

    def rotate(self, activation: timedelta) -> Key:
        """Makes a new key, which is published at once and signs after `activation`; deletes what is over."""
        with self._database.transaction() as connection:
            _lock(connection)
            now, keys = _filled(connection)
            _drop(connection, over(list(keys), now))
            return _insert(connection, now + activation)


def _filled(connection: Connection) -> tuple[datetime, dict[Key, dict[str, Any]]]:
    """The time and all keys with their rows; where there are none, the first is made."""
    now, keys = _read(connection)
    if keys:
        return now, keys
    with connection.transaction():
        _lock(connection)
        now, keys = _read(connection)
        if not keys:
            _insert(connection, now)
    return _read(connection)


def _read(connection: Connection) -> tuple[datetime, dict[Key, dict[str, Any]]]:
    rows = connection.execute(
        "SELECT clock_timestamp() AS now, signing_keys.*"
        " FROM (VALUES (1)) AS always LEFT JOIN signing_keys ON true"
    ).fetchall()
    keys = {
        Key(row["id"], row["signs_from"], timedelta(seconds=row["longest_token_seconds"])): row
        for row in rows
        if row["id"] is not None
    }
    return rows[0]["now"], keys


def _insert(connection: Connection, signs_from: datetime) -> Key:
    private = ec.generate_private_key(ec.SECP256R1())
    key = Key(str(uuid4()), signs_from)
    public = json.loads(ECAlgorithm.to_jwk(private.public_key()))
    connection.execute(
        "INSERT INTO signing_keys (id, private_pem, public_jwk, signs_from) VALUES (%s, %s, %s, %s)",
        (
            key.id,
            private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
            Json({**public, "kid": key.id, "alg": ALGORITHM, "use": "sig"}),
            signs_from,
        ),
    )
    return key


def _drop(connection: Connection, keys: Sequence[Key]) -> None:
    if keys:
        connection.execute("DELETE FROM signing_keys WHERE id = ANY(%s)", ([key.id for key in keys],))


def _lock(connection: Connection) -> None:
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (KEYS_LOCK,))
