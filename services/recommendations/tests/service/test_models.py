import pytest

from nightmarket.recommendations.v1.recommendations_pb2 import ListRecommendationsRequest
from recommendations.domain.recommendations import Model


@pytest.fixture(scope="module")
def client(run_recommendations):
    """Sell tea with bags, which sell with everything, and with cups, which sell with tea only; run v2."""
    with run_recommendations(seeded=False, model=Model.V2) as running:
        for order in [("tea", "bag"), ("tea", "bag"), ("tea", "cup"), ("tea", "cup"), ("tea", "bag")]:
            running.sell(*order)
        for _ in range(5):
            running.sell("bag")
        yield running


def test_v2_prefers_a_product_that_sells_with_few_others(client):
    assert client.recommended("tea") == [("cup", 2), ("bag", 3)]


def test_v2_falls_back_to_bestsellers_too(client):
    assert client.recommended("kite", page_size=1) == [("bag", 8)]


def test_the_response_names_v2(client):
    assert client.recommendations.ListRecommendations(ListRecommendationsRequest()).model == "v2"
