"""The cryptography of tokens: key pairs, and JWTs signed with ES256."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.algorithms import ECAlgorithm

from accounts.domain.accounts import Account
from accounts.domain.tokens import claims

_ALGORITHM = "ES256"


@dataclass(frozen=True)
class KeyPair:
    """A private key in PEM form, and its public key in JWK form (RFC 7517)."""

    id: str
    private_pem: str
    public_jwk: dict[str, Any]


@dataclass(frozen=True)
class Token:
    """A signed token, when it expires, and its lifetime."""

    text: str
    expires: datetime
    lifetime: timedelta


def new_key_pair() -> KeyPair:
    """Return a new random key pair."""
    private, key_id = ec.generate_private_key(ec.SECP256R1()), str(uuid4())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    jwk = json.loads(ECAlgorithm.to_jwk(private.public_key()))
    return KeyPair(key_id, pem, {**jwk, "kid": key_id, "alg": _ALGORITHM, "use": "sig"})


def new_token(account: Account, key_id: str, private_pem: str, now: datetime, lifetime: timedelta) -> Token:
    """Return a new token for the account, signed with the key."""
    payload = claims(account, now, lifetime)
    text = jwt.encode(payload, private_pem, algorithm=_ALGORITHM, headers={"kid": key_id})
    return Token(text, datetime.fromtimestamp(int(payload["exp"]), UTC), lifetime)
