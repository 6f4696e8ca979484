import pytest

from storefront.domain.basket import Basket, Item, QuantityInvalid, quantity

BASKET = Basket(
    (Item("lamp", "Lamp", 2, 100, 200, "/lamp"), Item("tea", "Tea", 3, 50, 150, "/tea")), subtotal_cents=350
)


def test_a_basket_counts_its_pieces():
    assert BASKET.pieces == 5


def test_a_basket_knows_the_names_of_its_products():
    assert BASKET.names_of({"tea", "something else"}) == ["Tea"]


@pytest.mark.parametrize(("typed", "number"), [("1", 1), (" 7 ", 7), ("99", 99), ("007", 7)])
def test_a_number_of_pieces_is_understood(typed, number):
    assert quantity(typed) == number


@pytest.mark.parametrize("typed", ["", "0", "-1", "+1", "100", "1.0", "1e1", "one", "٣", "1" * 5000, "1\0"])
def test_what_is_no_number_of_pieces_is_refused(typed):
    with pytest.raises(QuantityInvalid):
        quantity(typed)


def test_no_pieces_at_all_are_fine_where_that_means_something():
    assert quantity("0", least=0) == 0
