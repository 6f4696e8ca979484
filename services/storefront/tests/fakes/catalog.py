"""Fakes of catalog, inventory and recommendations that follow their contracts."""

from typing import Any

from chassis.errors import Invalid, NotFound
from nightmarket.catalog.v1 import catalog_pb2 as catalog
from nightmarket.catalog.v1.catalog_pb2_grpc import CatalogServiceServicer
from nightmarket.inventory.v1 import inventory_pb2 as inventory
from nightmarket.inventory.v1.inventory_pb2_grpc import InventoryServiceServicer
from nightmarket.recommendations.v1 import recommendations_pb2 as recommendations
from nightmarket.recommendations.v1.recommendations_pb2_grpc import RecommendationsServiceServicer
from services.storefront.tests.fakes.state import CATEGORIES, MARK, State

DEFAULT_STOCK = 50


class FakeCatalog(CatalogServiceServicer):
    """Serves the products of the state. A page token is the number of products before the page."""

    def __init__(self, state: State) -> None:
        self._state = state

    def ListCategories(self, request: Any, context: Any) -> catalog.ListCategoriesResponse:
        self._state.record("catalog", "ListCategories")
        categories = [
            catalog.Category(slug=slug, name=f"{MARK}{slug}{MARK}", tagline=f"{MARK}All {slug}{MARK}")
            for slug in CATEGORIES
        ]
        return catalog.ListCategoriesResponse(categories=categories)

    def ListProducts(self, request: Any, context: Any) -> catalog.ListProductsResponse:
        self._state.record("catalog", "ListProducts")
        if len(request.query) > 200:
            raise Invalid("QUERY_TOO_LONG", "A query has at most 200 characters.")
        if request.page_token and not request.page_token.isdigit():
            raise Invalid("PAGE_TOKEN_INVALID", "This page token does not belong to this list.")
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
        self._state.record("catalog", "BatchGetProducts")
        found = map(self._state.find_product, request.ids)
        return catalog.BatchGetProductsResponse(products=[product for product in found if product])


class FakeInventory(InventoryServiceServicer):
    """Has fifty units of each product, unless a test sets a different number."""

    def __init__(self, state: State) -> None:
        self._state = state

    def GetStock(self, request: Any, context: Any) -> inventory.Stock:
        self._state.record("inventory", "GetStock")
        if self._state.find_product(request.product_id) is None:
            raise NotFound("PRODUCT_NOT_FOUND", "There is no such product.")
        available = self._state.stock.get(request.product_id, DEFAULT_STOCK)
        return inventory.Stock(product_id=request.product_id, available=available)


class FakeRecommendations(RecommendationsServiceServicer):
    """Recommends the products that a test sets."""

    def __init__(self, state: State) -> None:
        self._state = state

    def ListRecommendations(self, request: Any, context: Any) -> recommendations.ListRecommendationsResponse:
        self._state.record("recommendations", "ListRecommendations")
        ids = self._state.recommendations.get(request.product_id, [])
        return recommendations.ListRecommendationsResponse(
            products=[recommendations.RecommendedProduct(id=product_id) for product_id in ids]
        )
