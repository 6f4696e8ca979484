from recommendations.domain.baskets import MOST_PRODUCTS, lesson_of


def test_a_basket_teaches_its_products_and_their_pairs_both_ways_round():
    lesson = lesson_of(["tea", "cup"])
    assert lesson.products == ["cup", "tea"]
    assert lesson.pairs == [("cup", "tea"), ("tea", "cup")]


def test_a_product_on_two_lines_counts_once():
    assert lesson_of(["tea", "cup", "tea"]) == lesson_of(["tea", "cup"])


def test_the_order_of_the_lines_makes_no_difference():
    assert lesson_of(["c", "a", "b"]) == lesson_of(["b", "c", "a"])


def test_what_is_taught_is_sorted():
    lesson = lesson_of(["c", "a", "b"])
    assert lesson.products == sorted(lesson.products)
    assert lesson.pairs == sorted(lesson.pairs)


def test_one_product_alone_goes_with_nothing():
    assert lesson_of(["tea"]).pairs == []


def test_a_line_without_a_product_teaches_nothing():
    assert lesson_of(["", "tea"]) == lesson_of(["tea"])


def test_a_huge_basket_counts_as_sold_but_not_as_belonging_together():
    lesson = lesson_of(str(number) for number in range(MOST_PRODUCTS + 1))
    assert len(lesson.products) == MOST_PRODUCTS + 1
    assert lesson.pairs == []
