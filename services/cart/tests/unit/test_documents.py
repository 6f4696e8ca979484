import re

import pytest

from cart.domain.carts import Cart, Line
from cart.store import decode, encode, key_of

UNUSUAL_IDS = ["a b", "a.b", "..", "a/b", "*", ">", "ümlaut", "x" * 65, "a\0b", "=" + "0" * 64]


def test_a_cart_is_read_as_it_was_written():
    cart = Cart((Line("lamp", 2), Line("tea", 1)), ("order-1", "order-2"))
    assert decode(encode(cart)) == cart


def test_the_numbers_of_the_lines_are_kept():
    cart = decode(encode(Cart().add("lamp", 2).remove("lamp").add("tea", 1)))
    assert (cart.lines[0].number, cart.count) == (2, 2)


def test_a_document_of_version_1_is_readable():
    assert decode(b'{"version":1,"lines":[["lamp",2]],"bought":["order-1"]}') == Cart(
        (Line("lamp", 2),), ("order-1",)
    )


def test_a_document_of_version_2_is_readable():
    cart = decode(b'{"version":2,"lines":[["lamp",2,7]],"bought":["order-1"],"count":7}')
    assert cart == Cart((Line("lamp", 2),), ("order-1",))
    assert (cart.lines[0].number, cart.count) == (7, 7)


def test_an_account_without_a_document_has_an_empty_cart():
    assert decode(None) == Cart()


def test_a_document_of_a_newer_version_is_an_error():
    with pytest.raises(ValueError, match="version 3"):
        decode(encode(Cart()).replace(b'"version":2', b'"version":3'))


def test_a_usual_account_id_is_the_key():
    assert key_of("0b5c2a4e-6c35-4f54-9c53-1f5f2d3a7e10") == "0b5c2a4e-6c35-4f54-9c53-1f5f2d3a7e10"


@pytest.mark.parametrize("account_id", UNUSUAL_IDS)
def test_an_unusual_account_id_has_a_valid_key(account_id):
    assert re.fullmatch(r"=[0-9a-f]{64}", key_of(account_id))


def test_each_account_has_its_own_key():
    assert len({key_of(account_id) for account_id in UNUSUAL_IDS}) == len(UNUSUAL_IDS)
