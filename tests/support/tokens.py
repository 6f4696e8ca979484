"""Signing keys and tokens like those of the accounts service."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm


@dataclass(frozen=True)
class Key:
    """A signing key of P-256."""

    kid: str
    private: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def public_jwk(self) -> dict[str, object]:
        """Return the public key in JWK form."""
        jwk = json.loads(ECAlgorithm.to_jwk(self.private.public_key()))
        return {**jwk, "kid": self.kid, "alg": "ES256", "use": "sig"}

    def token(self, account: str = "account-1", lifetime: int = 600, **claims: object) -> str:
        """Return a token for an account, valid for `lifetime` seconds; expired if that is negative."""
        now = int(time.time())
        payload = {
            "iss": "night-market",
            "aud": "night-market",
            "sub": account,
            "email": f"{account}@example.org",
            "iat": now,
            "exp": now + lifetime,
            **claims,
        }
        return jwt.encode(payload, self.private, algorithm="ES256", headers={"kid": self.kid})


@dataclass
class KeyRing:
    """The keys that the accounts service currently publishes."""

    keys: list[Key]

    def jwks(self) -> dict[str, object]:
        """Return the published key set."""
        return {"keys": [key.public_jwk() for key in self.keys]}


def bearer(token: str) -> dict[str, str]:
    """Return the Authorization header for a token."""
    return {"Authorization": f"Bearer {token}"}
