import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis import paging
from chassis.errors import Invalid

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
POSITIONS = st.lists(TEXT | NUMBERS, min_size=1, max_size=4)


def forged(content):
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def reason(page_token, kinds=(str,), query=""):
    with pytest.raises(Invalid) as failure:
        paging.cursor(page_token, kinds, query)
    return failure.value.reason


@given(POSITIONS, TEXT)
def test_a_token_contains_its_position(position, query):
    kinds = tuple(type(part) for part in position)
    assert paging.cursor(paging.token(position, query), kinds, query) == position


def test_an_empty_token_is_the_first_page():
    assert paging.cursor("", (str,)) is None


def test_a_token_of_another_list_is_rejected():
    assert reason(paging.token(["a"], "tea"), query="cups") == "PAGE_TOKEN_INVALID"


def test_a_token_of_a_list_in_another_order_is_rejected():
    assert reason(paging.token([1, "a"]), kinds=(str, str)) == "PAGE_TOKEN_INVALID"


@given(st.text(max_size=60))
def test_a_text_that_is_not_a_token_is_rejected(text):
    if text:
        assert reason(text) == "PAGE_TOKEN_INVALID"


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=5))
def test_json_in_a_token_is_rejected_or_valid_in_a_statement(content):
    try:
        position = paging.cursor(forged(json.dumps(content)), (str,))
    except Invalid:
        return
    assert position is not None
    assert "\0" not in str(position[0])
    str(position[0]).encode()  # raises for half of a surrogate pair


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
def test_a_forged_position_that_is_not_valid_in_a_statement_is_rejected(content, kinds):
    assert reason(forged(content), kinds) == "PAGE_TOKEN_INVALID"


def test_a_page_has_the_default_size_if_none_is_given():
    assert paging.page_size(0, default=24) == 24


@pytest.mark.parametrize("size", [1, 24, 100])
def test_a_page_has_the_requested_size(size):
    assert paging.page_size(size, default=24) == size


@pytest.mark.parametrize("size", [-1, 101, 2**31 - 1, -(2**31)])
def test_an_invalid_page_size_is_rejected(size):
    with pytest.raises(Invalid) as failure:
        paging.page_size(size, default=24)
    assert failure.value.reason == "PAGE_SIZE_INVALID"
