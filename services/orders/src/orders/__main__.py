"""The composition root of orders."""

from chassis import bus, consumer, database, grpc, relay, worker
from chassis.config import load
from chassis.grpc_client import Channel
from chassis.lifecycle import Service, Stage
from chassis.metrics import watch
from nightmarket.cart.v1.cart_pb2_grpc import CheckoutCartServiceStub
from nightmarket.catalog.v1.catalog_pb2_grpc import CatalogServiceStub
from nightmarket.inventory.v1.inventory_pb2_grpc import ReservationServiceStub
from nightmarket.orders.v1.orders_pb2_grpc import add_OrdersServiceServicer_to_server
from nightmarket.payments.v1.payments_pb2_grpc import PaymentsServiceStub
from nightmarket.shipping.v1.shipping_pb2_grpc import ShippingServiceStub
from orders.api import REFUSALS, OrdersApi
from orders.checkout import Checkout
from orders.clients import Clients
from orders.config import Config
from orders.driver import Driver
from orders.events import HANDLERS
from orders.metrics import OLDEST, UNFINISHED
from orders.store import Store
from orders.sweeper import Sweeper


def _clients(service: Service, config: Config) -> Clients:
    def channel(name: str, address: str) -> Channel:
        opened = Channel(name, address)
        service.on_stop(Stage.CLOSE, opened.close)
        return opened

    return Clients(
        catalog=CatalogServiceStub(channel("catalog", config.catalog_addr)),
        cart=CheckoutCartServiceStub(channel("cart", config.cart_addr)),
        inventory=ReservationServiceStub(channel("inventory", config.inventory_addr)),
        payments=PaymentsServiceStub(channel("payments", config.payments_addr)),
        shipping=ShippingServiceStub(channel("shipping", config.shipping_addr)),
    )


def compose(config: Config) -> Service:
    """The whole service, wired but not started."""
    service = Service(config)
    db = database.attach(service, config.database_url)
    broker = bus.attach(service, config.nats_url)
    clients = _clients(service, config)
    store = Store(db, config.lease_seconds)
    watch(UNFINISHED, store.count_unfinished)
    watch(OLDEST, store.oldest_unfinished_seconds)
    driver = Driver(store, clients, announce=relay.attach(service, db, broker).wake)
    worker.attach(
        service, "sweeper", Sweeper(store, driver, config.give_up_seconds).sweep, config.sweep_seconds
    )
    consumer.attach(service, broker, db, HANDLERS)
    api = OrdersApi(Checkout(store, clients, driver, config.flat_shipping_cents), store)
    grpc.attach(service, [(add_OrdersServiceServicer_to_server, api)], REFUSALS)
    return service


if __name__ == "__main__":
    compose(load(Config)).run()
