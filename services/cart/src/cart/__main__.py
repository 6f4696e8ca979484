"""The composition root of the cart."""

from cart.api import REFUSALS, CartApi, CheckoutApi
from cart.clients import Catalog
from cart.config import Config
from cart.shopping import Shopping
from cart.store import Store
from chassis import bus, grpc, keyvalue
from chassis.config import load
from chassis.grpc_client import Channel
from chassis.lifecycle import Service, Stage
from nightmarket.cart.v1.cart_pb2_grpc import (
    add_CartServiceServicer_to_server,
    add_CheckoutCartServiceServicer_to_server,
)

BUCKET = "carts"


def compose(config: Config) -> Service:
    """The whole service, wired but not started."""
    service = Service(config)
    store = Store(keyvalue.attach(service, bus.attach(service, config.nats_url), BUCKET))
    catalog = Channel("catalog", config.catalog_addr)
    service.on_stop(Stage.CLOSE, catalog.close)
    servicers = [
        (add_CartServiceServicer_to_server, CartApi(Shopping(store, Catalog(catalog)))),
        (add_CheckoutCartServiceServicer_to_server, CheckoutApi(store)),
    ]
    grpc.attach(service, servicers, REFUSALS)
    return service


if __name__ == "__main__":
    compose(load(Config)).run()
