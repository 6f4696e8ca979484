"""The catalogue, the inventory and the recommendations, as their contracts say."""

from typing import Any

from chassis.errors import Invalid, NotFound
from nightmarket.catalog.v1 import catalog_pb2 as catalog
from nightmarket.catalog.v1.catalog_pb2_grpc import CatalogServiceServicer
from nightmarket.inventory.v1 import inventory_pb2 as inventory
from nightmarket.inventory.v1.inventory_pb2_grpc import InventoryServiceServicer
from nightmarket.recommendations.v1 import recommendations_pb2 as recommendations
from nightmarket.recommendations.v1.recommendations_pb2_grpc import RecommendationsServiceServicer
from services.storefront.tests.fakes.state import SIGN, STALLS, State

PLENTY = 50


class FakeCatalog(CatalogServiceServicer):
    """Page tokens are the number of products before the page."""

    def __init__(self, state: State) -> None:
        self._state = state

    def ListCategories(self, request: Any, context: Any) -> catalog.ListCategoriesResponse:
        self._state.note("catalog", "ListCategories")
        stalls = [
            catalog.Category(slug=slug, name=f"{SIGN}{slug}{SIGN}", tagline=f"{SIGN}All {slug}{SIGN}")
            for slug in STALLS
        ]
        return catalog.ListCategoriesResponse(categories=stalls)

    def ListProducts(self, request: Any, context: Any) -> catalog.ListProductsResponse:
        self._state.note("catalog", "ListProducts")
        if len(request.query) > 200:
            raise Invalid("QUERY_TOO_LONG", "A search has at most 200 characters.")
        if request.page_token and not request.page_token.isdigit():
            raise Invalid("PAGE_TOKEN_INVALID", "This page token is not one of this list.")
        found = [
            product
            for product in self._state.products
            if request.query in product.name and request.category in ("", product.category)
        ]
        start = int(request.page_token or 0)
        end = start + (request.page_size or 24)
        token = str(end) if end < len(found) else ""
        return catalog.ListProductsResponse(products=found[start:end], next_page_token=token)

    def BatchGetProducts(self, request: Any, context: Any) -> catalog.BatchGetProductsResponse:
        self._state.note("catalog", "BatchGetProducts")
        found = map(self._state.found, request.ids)
        return catalog.BatchGetProductsResponse(products=[product for product in found if product])


class FakeInventory(InventoryServiceServicer):
    """There are fifty pieces of everything, unless a test says otherwise."""

    def __init__(self, state: State) -> None:
        self._state = state

    def GetStock(self, request: Any, context: Any) -> inventory.Stock:
        self._state.note("inventory", "GetStock")
        if self._state.found(request.product_id) is None:
            raise NotFound("PRODUCT_NOT_FOUND", "There is no such product.")
        available = self._state.stock.get(request.product_id, PLENTY)
        return inventory.Stock(product_id=request.product_id, available=available)


class FakeRecommendations(RecommendationsServiceServicer):
    """Recommends what a test says."""

    def __init__(self, state: State) -> None:
        self._state = state

    def ListRecommendations(self, request: Any, context: Any) -> recommendations.ListRecommendationsResponse:
        self._state.note("recommendations", "ListRecommendations")
        ids = self._state.alike.get(request.product_id, [])
        return recommendations.ListRecommendationsResponse(
            products=[recommendations.RecommendedProduct(id=product_id) for product_id in ids]
        )
