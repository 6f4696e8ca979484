import pytest

from chassis.errors import Invalid
from nightmarket.recommendations.v1.recommendations_pb2 import ListRecommendationsRequest


@pytest.fixture(scope="module")
def client(run_recommendations):
    with run_recommendations(seeded=True) as running:
        yield running


def test_recommendations_for_a_wok_come_from_the_past_orders(client):
    assert client.recommended("carbon-steel-wok", page_size=3) == [
        ("aged-soy-sauce", 2), ("chilli-crisp-jar", 2), ("dried-noodle-nests", 2)
    ]  # fmt: skip


def test_the_default_page_size_is_four(client):
    assert len(client.recommended("carbon-steel-wok")) == 4


def test_the_page_size_limits_the_products(client):
    assert len(client.recommended("carbon-steel-wok", page_size=1)) == 1


@pytest.mark.parametrize("product_id", ["", "no-such", "no\0such", "x" * 10_000])
def test_an_unknown_product_gets_the_bestsellers(client, product_id):
    assert client.recommended(product_id, page_size=1) == [("jasmine-pearl-tea", 6)]


def test_the_response_names_its_model(client):
    assert client.recommendations.ListRecommendations(ListRecommendationsRequest()).model == "v1"


@pytest.mark.parametrize("page_size", [-1, 21, 2**31 - 1, -(2**31)])
def test_an_invalid_page_size_is_rejected_with_a_reason(client, page_size):
    with pytest.raises(Invalid) as error:
        client.recommended("carbon-steel-wok", page_size)
    assert error.value.reason == "PAGE_SIZE_INVALID"
