from datetime import timedelta

import pytest

from notifications.domain.emails import email_id, is_email_address, retry_delay


def test_the_email_about_an_event_always_has_the_same_id():
    assert email_id("event-1") == email_id("event-1")
    assert email_id("event-1") != email_id("event-2")


def test_an_id_is_safe_in_file_names():
    assert email_id("../../etc/passwd\r\n\0").replace("-", "").isalnum()


@pytest.mark.parametrize("address", ["ming@example.org", "ming.li+market@mail.example.org", "root@localhost"])
def test_an_email_address_is_valid(address):
    assert is_email_address(address)


@pytest.mark.parametrize(
    "address",
    ["", "ming", "@", "ming@example.org\r\nBcc: all@example.org", "a@b, c@d", "<a@b>", "míng@example.org"],
)
def test_a_malformed_email_address_is_invalid(address):
    assert not is_email_address(address)


def test_a_long_email_address_is_invalid():
    assert not is_email_address("m" * 250 + "@example.org")


def test_retry_delays_grow_up_to_a_minute():
    delays = [retry_delay(tries) for tries in (1, 2, 3, 6, 7, 100_000)]
    assert delays == [timedelta(seconds=seconds) for seconds in (1, 2, 4, 32, 60, 60)]
