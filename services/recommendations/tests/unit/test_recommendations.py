from recommendations.domain.recommendations import MAX_PAIRED_PRODUCTS, co_purchase


def test_an_order_counts_its_products_and_their_pairs_in_both_directions():
    counted = co_purchase(["tea", "cup"])
    assert counted.products == ["cup", "tea"]
    assert counted.pairs == [("cup", "tea"), ("tea", "cup")]


def test_a_product_on_two_lines_counts_once():
    assert co_purchase(["tea", "cup", "tea"]) == co_purchase(["tea", "cup"])


def test_the_order_of_the_lines_does_not_matter():
    assert co_purchase(["c", "a", "b"]) == co_purchase(["b", "c", "a"])


def test_products_and_pairs_are_sorted():
    counted = co_purchase(["c", "a", "b"])
    assert counted.products == sorted(counted.products)
    assert counted.pairs == sorted(counted.pairs)


def test_a_single_product_has_no_pairs():
    assert co_purchase(["tea"]).pairs == []


def test_a_line_without_a_product_is_ignored():
    assert co_purchase(["", "tea"]) == co_purchase(["tea"])


def test_a_large_order_counts_its_products_but_no_pairs():
    counted = co_purchase(str(number) for number in range(MAX_PAIRED_PRODUCTS + 1))
    assert len(counted.products) == MAX_PAIRED_PRODUCTS + 1
    assert counted.pairs == []
