from datetime import UTC, datetime, timedelta

from accounts.domain.accounts import Account
from accounts.domain.tokens import (
    CLOCK_SKEW,
    SigningKey,
    active_key,
    claims,
    expired_keys,
    published_keys,
)

MING = Account("account-1", "ming@example.org", "Ming")
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
MOMENT = timedelta(microseconds=1)

FIRST = SigningKey("first", NOON, DAY)
SECOND = SigningKey("second", NOON + MINUTE, DAY)


def test_a_single_key_signs_forever():
    assert active_key([FIRST], NOON + 1000 * DAY) == FIRST
    assert published_keys([FIRST], NOON + 1000 * DAY) == [FIRST]


def test_the_first_key_signs_even_before_its_start():
    assert active_key([SECOND, FIRST], NOON - DAY) == FIRST


def test_a_new_key_is_published_before_it_signs():
    before = NOON + MINUTE - MOMENT
    assert active_key([FIRST, SECOND], before) == FIRST
    assert published_keys([FIRST, SECOND], before) == [FIRST, SECOND]


def test_a_new_key_signs_from_its_start_on():
    assert active_key([FIRST, SECOND], NOON + MINUTE) == SECOND


def test_an_old_key_is_published_until_its_last_token_has_expired_everywhere():
    last_needed = SECOND.signs_from + FIRST.max_token_lifetime + CLOCK_SKEW
    assert published_keys([FIRST, SECOND], last_needed) == [FIRST, SECOND]
    assert published_keys([FIRST, SECOND], last_needed + MOMENT) == [SECOND]
    assert expired_keys([FIRST, SECOND], last_needed + MOMENT) == [FIRST]


def test_a_key_with_longer_lived_tokens_is_published_longer():
    yearly = SigningKey("first", NOON, 365 * DAY)
    assert published_keys([yearly, SECOND], NOON + 300 * DAY) == [yearly, SECOND]


def test_an_unused_key_expires_soon_after_its_successor_takes_over():
    unused = SigningKey("first", NOON)
    assert expired_keys([unused, SECOND], SECOND.signs_from + CLOCK_SKEW) == []
    assert expired_keys([unused, SECOND], SECOND.signs_from + CLOCK_SKEW + MOMENT) == [unused]


def test_keys_of_two_rotations_sign_one_after_the_other():
    third = SigningKey("third", NOON + 2 * MINUTE, DAY)
    keys = [third, FIRST, SECOND]
    turns = [active_key(keys, NOON + minutes * MINUTE).id for minutes in range(4)]
    assert turns == ["first", "second", "third", "third"]


def test_a_key_expires_after_its_own_successor_not_the_newest_key():
    third = SigningKey("third", SECOND.signs_from + 5 * DAY, DAY)
    assert expired_keys([FIRST, SECOND, third], SECOND.signs_from + 2 * DAY) == [FIRST]


def test_a_token_has_the_claims_of_its_account_and_lifetime():
    payload = claims(MING, NOON, timedelta(hours=24))
    assert payload.pop("jti")
    assert payload == {
        "iss": "night-market",
        "aud": "night-market",
        "sub": "account-1",
        "email": "ming@example.org",
        "name": "Ming",
        "iat": 1893499200,
        "exp": 1893499200 + 24 * 3600,
    }


def test_every_token_has_a_unique_id():
    assert claims(MING, NOON, timedelta(1))["jti"] != claims(MING, NOON, timedelta(1))["jti"]
