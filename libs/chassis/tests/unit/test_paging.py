import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis import paging
from chassis.errors import Invalid

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
PLACES = st.lists(TEXT | NUMBERS, min_size=1, max_size=4)


def forged(content):
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def reason(page_token, kinds=(str,), query=""):
    with pytest.raises(Invalid) as refused:
        paging.cursor(page_token, kinds, query)
    return refused.value.reason


@given(PLACES, TEXT)
def test_a_token_leads_back_to_its_place(place, query):
    kinds = tuple(type(part) for part in place)
    assert paging.cursor(paging.token(place, query), kinds, query) == place


def test_no_token_means_the_beginning():
    assert paging.cursor("", (str,)) is None


def test_a_token_of_another_list_is_refused():
    assert reason(paging.token(["a"], "tea"), query="cups") == "PAGE_TOKEN_INVALID"


def test_a_token_of_a_list_in_another_order_is_refused():
    assert reason(paging.token([1, "a"]), kinds=(str, str)) == "PAGE_TOKEN_INVALID"


@given(st.text(max_size=60))
def test_whatever_is_no_token_is_refused(text):
    if text:
        assert reason(text) == "PAGE_TOKEN_INVALID"


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=5))
def test_whatever_json_is_in_a_token_is_refused_or_fits_a_statement(content):
    try:
        place = paging.cursor(forged(json.dumps(content)), (str,))
    except Invalid:
        return
    assert place is not None
    assert "\0" not in str(place[0])
    str(place[0]).encode()  # raises for half of a surrogate pair


@pytest.mark.parametrize(
    ("content", "kinds"),
    [
        ('["", "a\\u0000b"]', (str,)),
        ('["", "\\ud800"]', (str,)),
        ('["", NaN]', (float,)),
        ('["", 1e999]', (float,)),
        (f'["", {2**63}]', (int,)),
        ('["", true]', (int,)),
        ("[" * 100_000, (str,)),
    ],
)
def test_a_forged_place_that_no_statement_can_take_is_refused(content, kinds):
    assert reason(forged(content), kinds) == "PAGE_TOKEN_INVALID"


def test_a_page_of_no_given_size_has_the_default_one():
    assert paging.page_size(0, default=24) == 24


@pytest.mark.parametrize("wanted", [1, 24, 100])
def test_a_page_has_the_size_that_is_wanted(wanted):
    assert paging.page_size(wanted, default=24) == wanted


@pytest.mark.parametrize("wanted", [-1, 101, 2**31 - 1, -(2**31)])
def test_a_page_of_no_sensible_size_is_refused(wanted):
    with pytest.raises(Invalid) as refused:
        paging.page_size(wanted, default=24)
    assert refused.value.reason == "PAGE_SIZE_INVALID"
