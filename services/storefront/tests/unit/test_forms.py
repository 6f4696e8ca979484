import pytest

from storefront.domain.forms import FormExpired, checked_key, new_key


def test_a_key_is_known_again():
    key = new_key()
    assert checked_key(key) == key


def test_no_two_keys_are_alike():
    assert new_key() != new_key()


@pytest.mark.parametrize("text", ["", "x", "a" * 33, "A" * 32, "ä" * 32, "a" * 31 + "\n", "0" * 5000])
def test_what_is_no_key_is_refused(text):
    with pytest.raises(FormExpired):
        checked_key(text)
