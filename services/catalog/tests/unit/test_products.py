import pytest

from catalog.domain.products import QueryTooLong, Selection, TooManyIds, checked_ids
from nightmarket.limits import MAX_BATCH


def test_a_search_ignores_extra_spaces():
    assert Selection(query="  red \t lantern\n").query == "red lantern"


def test_a_search_ignores_nul_characters():
    assert Selection(query="red\0lantern", category="tea\0").key == Selection("red lantern", "tea").key


def test_a_search_that_is_too_long_is_rejected():
    with pytest.raises(QueryTooLong):
        Selection(query="x" * 201)


def test_searches_that_differ_in_case_have_equal_keys():
    assert Selection("Red Lantern", "light").key == Selection("red  lantern", "light").key


def test_searches_in_different_categories_have_different_keys():
    assert Selection("lantern", "light").key != Selection("lantern", "tea").key


def test_duplicate_ids_are_removed():
    assert checked_ids(["b", "a", "b"]) == ["b", "a"]


def test_too_many_ids_are_rejected():
    with pytest.raises(TooManyIds):
        checked_ids([str(number) for number in range(MAX_BATCH + 1)])
