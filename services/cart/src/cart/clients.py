"""The client of the catalog."""

from collections.abc import Collection

from cart.domain.prices import Product
from chassis import money
from nightmarket.catalog.v1 import catalog_pb2 as wire
from nightmarket.catalog.v1.catalog_pb2_grpc import CatalogServiceStub


class CatalogClient:
    """Finds the names and prices of products."""

    def __init__(self, stub: CatalogServiceStub) -> None:
        self._stub = stub

    def products(self, ids: Collection[str]) -> dict[str, Product]:
        """Return the products with these IDs, by ID. A product that is not sold is left out."""
        if not ids:
            return {}
        response = self._stub.BatchGetProducts(wire.BatchGetProductsRequest(ids=ids))
        return {product.id: _product(product) for product in response.products}


def _product(product: wire.Product) -> Product:
    return Product(product.id, product.name, money.from_wire(product.price), product.image_url)
