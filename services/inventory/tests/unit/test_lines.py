import pytest

from inventory.domain.lines import (
    Line,
    LinesEmpty,
    ProductNotFound,
    ProductRepeated,
    QuantityInvalid,
    SoldOut,
    TooManyLines,
    checked,
    refusal,
)


def test_lines_are_put_in_the_order_of_their_products():
    assert checked([Line("tea", 1), Line("lamp", 2)]) == (Line("lamp", 2), Line("tea", 1))


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        ([], LinesEmpty),
        ([Line(f"product-{number}", 1) for number in range(51)], TooManyLines),
        ([Line("tea", 1), Line("tea", 2)], ProductRepeated),
        ([Line("tea", 0)], QuantityInvalid),
        ([Line("tea", 1), Line("lamp", -1)], QuantityInvalid),
        ([Line("tea", 100)], QuantityInvalid),
        ([Line("te\0a", 1)], ProductNotFound),
        ([Line("t" * 65, 1)], ProductNotFound),
    ],
)
def test_lines_that_no_order_has_are_refused(lines, error):
    with pytest.raises(error):
        checked(lines)


def test_as_many_lines_and_pieces_as_an_order_may_have_are_fine():
    assert len(checked([Line(f"product-{number}", 99) for number in range(50)])) == 50


def test_a_refusal_names_what_is_sold_out_and_how_much_is_left():
    lines = checked([Line("lamp", 2), Line("mat", 5), Line("tea", 1)])
    refused = refusal(lines, {"lamp": 1, "mat": 5, "tea": 0})
    assert isinstance(refused, SoldOut)
    assert refused.metadata == {"lamp": "1", "tea": "0"}


def test_a_product_that_does_not_exist_is_not_called_sold_out():
    refused = refusal(checked([Line("lamp", 2), Line("moon", 1)]), {"lamp": 0})
    assert isinstance(refused, ProductNotFound)
    assert "moon" in str(refused)
