import pytest

from storefront.domain.stock import MOST_AT_ONCE, Level, Stock


@pytest.mark.parametrize(
    ("pieces", "level"),
    [
        (None, Level.UNKNOWN),
        (0, Level.SOLD_OUT),
        (-3, Level.SOLD_OUT),
        (1, Level.FEW),
        (5, Level.FEW),
        (6, Level.PLENTY),
    ],
)
def test_a_stock_is_told_by_what_matters_to_a_buyer(pieces, level):
    assert Stock(pieces).level is level


@pytest.mark.parametrize(("pieces", "most"), [(0, 0), (3, 3), (1000, MOST_AT_ONCE), (None, MOST_AT_ONCE)])
def test_a_buyer_may_take_what_there_is_but_not_more_than_a_basket_holds(pieces, most):
    assert Stock(pieces).most == most
