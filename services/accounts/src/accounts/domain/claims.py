"""What a token says."""

from datetime import datetime, timedelta
from uuid import uuid4

from accounts.domain.accounts import Account

ISSUER = AUDIENCE = "night-market"


def claims(account: Account, now: datetime, lifetime: timedelta) -> dict[str, str | int]:
    """The claims of a new token: who it is for, who made it, from when until when it is good."""
    issued = int(now.timestamp())
    return {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": account.id,
        "email": account.email,
        "name": account.name,
        "iat": issued,
        "exp": issued + int(lifetime.total_seconds()),
        "jti": str(uuid4()),
    }
