"""Tokens: JWTs that say who somebody is, signed so that the gateway can check them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import jwt

from accounts.domain.accounts import Account
from accounts.domain.claims import claims
from accounts.keyring import ALGORITHM, Keyring


@dataclass(frozen=True)
class Token:
    """A signed token and when it expires."""

    text: str
    expires: datetime


class Tokens:
    """Makes tokens that live as long as `lifetime`."""

    def __init__(self, keyring: Keyring, lifetime: timedelta) -> None:
        self._keyring = keyring
        self.lifetime = lifetime

    def issue(self, account: Account) -> Token:
        """A new token for somebody who has just shown the right password."""
        signer = self._keyring.signer(self.lifetime)
        says = claims(account, signer.now, self.lifetime)
        text = jwt.encode(says, signer.private_pem, algorithm=ALGORITHM, headers={"kid": signer.id})
        return Token(text, datetime.fromtimestamp(int(says["exp"]), UTC))
