"""What everybody may see: the catalogue, the stock, what is bought together."""

import logging

from chassis import money
from chassis.errors import AppError
from chassis.grpc_client import Channel
from nightmarket.catalog.v1 import catalog_pb2
from nightmarket.catalog.v1.catalog_pb2_grpc import CatalogServiceStub
from nightmarket.inventory.v1.inventory_pb2 import GetStockRequest
from nightmarket.inventory.v1.inventory_pb2_grpc import InventoryServiceStub
from nightmarket.recommendations.v1.recommendations_pb2 import ListRecommendationsRequest
from nightmarket.recommendations.v1.recommendations_pb2_grpc import RecommendationsServiceStub
from storefront.domain.goods import Page, Product, Stall
from storefront.domain.stock import Stock

log = logging.getLogger(__name__)
# A product can be shown without these two, so nobody waits long for them.
_STOCK_SECONDS = 0.5
_RECOMMENDATIONS_SECONDS = 0.3
_ALIKE = 4


class Shelves:
    """Reads from the catalogue, the inventory and the recommendations. Raises AppError for the catalogue only."""

    def __init__(self, catalog: Channel, inventory: Channel, recommendations: Channel) -> None:
        self._catalog = CatalogServiceStub(catalog)
        self._inventory = InventoryServiceStub(inventory)
        self._recommendations = RecommendationsServiceStub(recommendations)

    def stalls(self) -> list[Stall]:
        """All stalls in display order."""
        answer = self._catalog.ListCategories(catalog_pb2.ListCategoriesRequest())
        return [Stall(c.slug, c.name, c.tagline, c.product_count) for c in answer.categories]

    def page(self, query: str = "", stall: str = "", size: int = 24, token: str = "") -> Page:
        """Up to `size` products, by words and by stall; `token` is the `next_token` of the page before."""
        answer = self._catalog.ListProducts(
            catalog_pb2.ListProductsRequest(query=query, category=stall, page_size=size, page_token=token)
        )
        return Page(tuple(map(_product, answer.products)), answer.next_page_token)

    def products(self, ids: list[str]) -> list[Product]:
        """The products of these ids, in this order, without the unknown."""
        answer = self._catalog.BatchGetProducts(catalog_pb2.BatchGetProductsRequest(ids=ids))
        return [_product(product) for product in answer.products]

    def stock(self, product_id: str) -> Stock:
        """The stock of a product; unknown where the inventory cannot tell."""
        try:
            request = GetStockRequest(product_id=product_id)
            return Stock(self._inventory.GetStock(request, timeout=_STOCK_SECONDS).available)
        except AppError as error:
            _without("stock", error)
            return Stock(None)

    def bought_together(self, product_id: str) -> list[str]:
        """The ids of products that go well with this one; none where nobody can tell."""
        try:
            request = ListRecommendationsRequest(product_id=product_id, page_size=_ALIKE)
            answer = self._recommendations.ListRecommendations(request, timeout=_RECOMMENDATIONS_SECONDS)
            return [product.id for product in answer.products if product.id != product_id]
        except AppError as error:
            _without("recommendations", error)
            return []


def _without(what: str, error: AppError) -> None:
    log.warning("page shown without %s", what, extra={"reason": error.reason, **error.metadata})


def _product(product: catalog_pb2.Product) -> Product:
    return Product(
        product.id,
        product.name,
        product.description,
        product.category,
        money.from_wire(product.price),
        product.image_url,
    )
