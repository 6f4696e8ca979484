"""The composition root of orders."""

from chassis.config import load
from chassis.grpc_client import Channel
from chassis.grpc_server import add_grpc_server
from chassis.lifecycle import Service, Stage, add_worker
from chassis.postgres import add_database
from chassis.telemetry import watch
from messaging.consumer import add_consumer
from messaging.nats import add_nats
from messaging.outbox import add_relay
from nightmarket.cart.v1.cart_pb2_grpc import CheckoutCartServiceStub
from nightmarket.catalog.v1.catalog_pb2_grpc import CatalogServiceStub
from nightmarket.inventory.v1.inventory_pb2_grpc import ReservationServiceStub
from nightmarket.orders.v1.orders_pb2_grpc import add_OrdersServiceServicer_to_server
from nightmarket.payments.v1.payments_pb2_grpc import PaymentsServiceStub
from nightmarket.shipping.v1.shipping_pb2_grpc import ShippingServiceStub
from orders.api import ERROR_MAP, OrdersApi
from orders.clients import Clients
from orders.config import Config
from orders.events import handlers
from orders.metrics import OLDEST, UNFINISHED
from orders.saga_executor import SagaExecutor
from orders.service import OrderService
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


def build_service(config: Config) -> Service:
    """Return the whole service, wired but not started."""
    service = Service(config)
    database = add_database(service, config.database_url)
    nats = add_nats(service, config.nats_url)
    clients = _clients(service, config)
    store = Store(database, config.lease_seconds)
    watch(UNFINISHED, store.count_unfinished)
    watch(OLDEST, store.oldest_unfinished_seconds)
    executor = SagaExecutor(store, clients, notify=add_relay(service, database, nats).wake)
    sweeper = Sweeper(store, executor, config.give_up_seconds)
    add_worker(service, "sweeper", sweeper.sweep, config.sweep_seconds)
    add_consumer(service, nats, database, handlers(store))
    api = OrdersApi(OrderService(store, clients, executor, config.flat_shipping_cents))
    add_grpc_server(service, [(add_OrdersServiceServicer_to_server, api)], ERROR_MAP)
    return service


if __name__ == "__main__":
    build_service(load(Config)).run()
