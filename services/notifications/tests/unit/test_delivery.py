from datetime import timedelta

import pytest

from notifications.domain.delivery import can_be_written_to, letter_id, pause_after


def test_the_mail_about_an_event_is_always_known_by_the_same_id():
    assert letter_id("event-1") == letter_id("event-1")
    assert letter_id("event-1") != letter_id("event-2")


def test_an_id_is_safe_in_file_names_whatever_the_event_is_called():
    assert letter_id("../../etc/passwd\r\n\0").replace("-", "").isalnum()


@pytest.mark.parametrize("address", ["ming@example.org", "ming.li+market@mail.example.org", "root@localhost"])
def test_people_with_an_address_can_be_written_to(address):
    assert can_be_written_to(address)


@pytest.mark.parametrize(
    "address",
    ["", "ming", "@", "ming@example.org\r\nBcc: all@example.org", "a@b, c@d", "<a@b>", "míng@example.org"],
)
def test_nobody_is_written_to_at_what_is_no_address(address):
    assert not can_be_written_to(address)


def test_an_endless_address_cannot_be_written_to():
    assert not can_be_written_to("m" * 250 + "@example.org")


def test_pauses_between_tries_grow_up_to_a_minute():
    pauses = [pause_after(tries) for tries in (1, 2, 3, 6, 7, 100_000)]
    assert pauses == [timedelta(seconds=seconds) for seconds in (1, 2, 4, 32, 60, 60)]
