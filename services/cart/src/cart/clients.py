"""The catalogue, in the cart's words."""

from collections.abc import Collection

from cart.domain.prices import Product
from chassis import money
from chassis.grpc_client import Channel
from nightmarket.catalog.v1 import catalog_pb2 as wire
from nightmarket.catalog.v1.catalog_pb2_grpc import CatalogServiceStub


class Catalog:
    """Names and prices of products."""

    def __init__(self, channel: Channel) -> None:
        self._stub = CatalogServiceStub(channel)

    def products(self, ids: Collection[str]) -> dict[str, Product]:
        """The products of these ids by id, in one call or none; what is not sold is left out."""
        if not ids:
            return {}
        answer = self._stub.BatchGetProducts(wire.BatchGetProductsRequest(ids=ids))
        return {product.id: _product(product) for product in answer.products}


def _product(product: wire.Product) -> Product:
    return Product(product.id, product.name, money.from_wire(product.price), product.image_url)
