from datetime import UTC, datetime, timedelta

from accounts.domain.keys import CLOCK_SKEW, Key, over, published, signer

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
MOMENT = timedelta(microseconds=1)

FIRST = Key("first", NOON, DAY)
SECOND = Key("second", NOON + MINUTE, DAY)


def test_the_only_key_signs_for_ever():
    assert signer([FIRST], NOON + 1000 * DAY) == FIRST
    assert published([FIRST], NOON + 1000 * DAY) == [FIRST]


def test_the_first_key_signs_even_before_its_time():
    assert signer([SECOND, FIRST], NOON - DAY) == FIRST


def test_a_new_key_is_published_before_it_signs():
    before = NOON + MINUTE - MOMENT
    assert signer([FIRST, SECOND], before) == FIRST
    assert published([FIRST, SECOND], before) == [FIRST, SECOND]


def test_a_new_key_signs_from_its_time_on():
    assert signer([FIRST, SECOND], NOON + MINUTE) == SECOND


def test_the_old_key_is_published_until_the_last_token_that_it_signed_has_expired_everywhere():
    last_needed = SECOND.signs_from + FIRST.longest_token + CLOCK_SKEW
    assert published([FIRST, SECOND], last_needed) == [FIRST, SECOND]
    assert published([FIRST, SECOND], last_needed + MOMENT) == [SECOND]
    assert over([FIRST, SECOND], last_needed + MOMENT) == [FIRST]


def test_a_key_that_signed_longer_lived_tokens_is_kept_longer():
    yearly = Key("first", NOON, 365 * DAY)
    assert published([yearly, SECOND], NOON + 300 * DAY) == [yearly, SECOND]


def test_a_key_that_signed_nothing_is_over_soon_after_its_successor_takes_over():
    unused = Key("first", NOON)
    assert over([unused, SECOND], SECOND.signs_from + CLOCK_SKEW) == []
    assert over([unused, SECOND], SECOND.signs_from + CLOCK_SKEW + MOMENT) == [unused]


def test_of_two_rotations_in_a_row_each_key_signs_in_its_turn():
    third = Key("third", NOON + 2 * MINUTE, DAY)
    keys = [third, FIRST, SECOND]
    turns = [signer(keys, NOON + minutes * MINUTE).id for minutes in range(4)]
    assert turns == ["first", "second", "third", "third"]


def test_a_key_is_over_by_its_own_successor_not_by_the_newest_key():
    third = Key("third", SECOND.signs_from + 5 * DAY, DAY)
    assert over([FIRST, SECOND, third], SECOND.signs_from + 2 * DAY) == [FIRST]
