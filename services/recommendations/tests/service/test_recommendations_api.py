import pytest

from chassis.errors import Invalid
from nightmarket.recommendations.v1.recommendations_pb2 import ListRecommendationsRequest


@pytest.fixture(scope="module")
def shop(run_recommendations):
    with run_recommendations(seeded=True) as running:
        yield running


def test_the_past_teaches_what_goes_with_a_wok(shop):
    assert shop.goes_with("carbon-steel-wok", page_size=3) == [
        ("aged-soy-sauce", 2), ("chilli-crisp-jar", 2), ("dried-noodle-nests", 2)
    ]  # fmt: skip


def test_four_products_come_where_no_number_is_asked_for(shop):
    assert len(shop.goes_with("carbon-steel-wok")) == 4


def test_as_many_come_as_are_asked_for(shop):
    assert len(shop.goes_with("carbon-steel-wok", page_size=1)) == 1


@pytest.mark.parametrize("product_id", ["", "no-such", "no\0such", "x" * 10_000])
def test_an_unknown_product_gets_the_bestsellers(shop, product_id):
    assert shop.goes_with(product_id, page_size=1) == [("jasmine-pearl-tea", 6)]


def test_the_model_that_answered_is_named(shop):
    assert shop.recommendations.ListRecommendations(ListRecommendationsRequest()).model == "v1"


@pytest.mark.parametrize("page_size", [-1, 21, 2**31 - 1, -(2**31)])
def test_a_page_of_no_sensible_size_is_refused_with_a_reason(shop, page_size):
    with pytest.raises(Invalid) as refused:
        shop.goes_with("carbon-steel-wok", page_size)
    assert refused.value.reason == "PAGE_SIZE_INVALID"
