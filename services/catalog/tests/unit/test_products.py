import pytest

from catalog.domain.products import MOST_IDS, QueryTooLong, Selection, TooManyIds, checked_ids


def test_a_search_is_stripped_of_needless_space():
    assert Selection(query="  red \t lantern\n").query == "red lantern"


def test_a_search_survives_characters_that_no_product_has():
    assert Selection(query="red\0lantern", category="tea\0").key == Selection("red lantern", "tea").key


def test_a_search_that_is_too_long_is_refused():
    with pytest.raises(QueryTooLong):
        Selection(query="x" * 201)


def test_equal_searches_have_equal_keys_whatever_their_case():
    assert Selection("Red Lantern", "light").key == Selection("red  lantern", "light").key


def test_a_search_in_another_category_is_another_search():
    assert Selection("lantern", "light").key != Selection("lantern", "tea").key


def test_an_id_that_is_asked_for_twice_is_looked_up_once():
    assert checked_ids(["b", "a", "b"]) == ["b", "a"]


def test_asking_for_too_many_products_is_refused():
    with pytest.raises(TooManyIds):
        checked_ids([str(number) for number in range(MOST_IDS + 1)])
