import pytest

from nightmarket.recommendations.v1.recommendations_pb2 import ListRecommendationsRequest
from recommendations.domain.models import Model


@pytest.fixture(scope="module")
def shop(run_recommendations):
    """Tea was bought thrice with bags, which everybody buys, and twice with cups, which nobody else buys."""
    with run_recommendations(seeded=False, model=Model.V2) as running:
        for basket in [("tea", "bag"), ("tea", "bag"), ("tea", "cup"), ("tea", "cup"), ("tea", "bag")]:
            running.sells(*basket)
        for _ in range(5):
            running.sells("bag")
        yield running


def test_the_second_model_prefers_what_goes_with_little_else(shop):
    assert shop.goes_with("tea") == [("cup", 2), ("bag", 3)]


def test_the_second_model_falls_back_to_bestsellers_too(shop):
    assert shop.goes_with("kite", page_size=1) == [("bag", 8)]


def test_the_second_model_names_itself(shop):
    assert shop.recommendations.ListRecommendations(ListRecommendationsRequest()).model == "v2"
