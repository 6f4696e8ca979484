"""The composition root of the cart."""

from cart.api import ERROR_MAP, CartApi, CheckoutApi
from cart.clients import CatalogClient
from cart.config import Config
from cart.keyvalue import add_key_value
from cart.service import CartService
from cart.store import Store
from chassis.config import load
from chassis.grpc_client import Channel
from chassis.grpc_server import add_grpc_server
from chassis.lifecycle import Service, Stage
from messaging.nats import add_nats
from nightmarket.cart.v1.cart_pb2_grpc import (
    add_CartServiceServicer_to_server,
    add_CheckoutCartServiceServicer_to_server,
)
from nightmarket.catalog.v1.catalog_pb2_grpc import CatalogServiceStub

BUCKET = "carts"


def build_service(config: Config) -> Service:
    """Return the whole service, wired but not started."""
    service = Service(config)
    store = Store(add_key_value(service, add_nats(service, config.nats_url), BUCKET))
    catalog = Channel("catalog", config.catalog_addr)
    service.on_stop(Stage.CLOSE, catalog.close)
    carts = CartService(store, CatalogClient(CatalogServiceStub(catalog)))
    servicers = [
        (add_CartServiceServicer_to_server, CartApi(carts)),
        (add_CheckoutCartServiceServicer_to_server, CheckoutApi(carts)),
    ]
    add_grpc_server(service, servicers, ERROR_MAP)
    return service


if __name__ == "__main__":
    build_service(load(Config)).run()
