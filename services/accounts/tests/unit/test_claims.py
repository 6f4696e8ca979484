from datetime import UTC, datetime, timedelta

from accounts.domain.accounts import Account
from accounts.domain.claims import claims

MING = Account("account-1", "ming@example.org", "Ming")
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


def test_a_token_says_who_it_is_for_and_how_long():
    said = claims(MING, NOON, timedelta(hours=24))
    assert said.pop("jti")
    assert said == {
        "iss": "night-market",
        "aud": "night-market",
        "sub": "account-1",
        "email": "ming@example.org",
        "name": "Ming",
        "iat": 1893499200,
        "exp": 1893499200 + 24 * 3600,
    }


def test_no_two_tokens_have_the_same_id():
    assert claims(MING, NOON, timedelta(1))["jti"] != claims(MING, NOON, timedelta(1))["jti"]
