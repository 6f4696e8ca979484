import re

import pytest

from cart.domain.baskets import Basket, Line
from cart.store import decode, encode, key_of

ODD_IDS = ["a b", "a.b", "..", "a/b", "*", ">", "ümlaut", "x" * 65, "a\0b", "=" + "0" * 64]


def test_a_basket_is_read_as_it_was_written():
    basket = Basket((Line("lamp", 2), Line("tea", 1)), ("order-1", "order-2"))
    assert decode(encode(basket)) == basket


def test_the_numbers_of_the_lines_are_kept():
    basket = decode(encode(Basket().add("lamp", 2).remove("lamp").add("tea", 1)))
    assert (basket.lines[0].number, basket.count) == (2, 2)


def test_a_basket_of_the_first_version_is_read():
    assert decode(b'{"version":1,"lines":[["lamp",2]],"bought":["order-1"]}') == Basket(
        (Line("lamp", 2),), ("order-1",)
    )


def test_an_account_without_a_document_has_an_empty_basket():
    assert decode(None) == Basket()


def test_a_basket_of_a_newer_version_is_not_taken_for_one_of_ours():
    with pytest.raises(ValueError, match="version 3"):
        decode(encode(Basket()).replace(b'"version":2', b'"version":3'))


def test_an_ordinary_account_is_its_own_key():
    assert key_of("0b5c2a4e-6c35-4f54-9c53-1f5f2d3a7e10") == "0b5c2a4e-6c35-4f54-9c53-1f5f2d3a7e10"


@pytest.mark.parametrize("account_id", ODD_IDS)
def test_any_account_has_a_key_that_the_bucket_takes(account_id):
    assert re.fullmatch(r"=[0-9a-f]{64}", key_of(account_id))


def test_no_two_accounts_share_a_key():
    assert len({key_of(account_id) for account_id in ODD_IDS}) == len(ODD_IDS)
