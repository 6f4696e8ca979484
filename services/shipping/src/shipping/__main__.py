"""The composition root of shipping."""

from chassis.config import load
from chassis.grpc_server import add_grpc_server
from chassis.lifecycle import Service, add_worker
from chassis.postgres import add_database
from messaging.consumer import add_consumer
from messaging.nats import add_nats
from messaging.outbox import add_relay
from nightmarket.shipping.v1.shipping_pb2_grpc import add_ShippingServiceServicer_to_server
from shipping.api import ERROR_MAP, ShippingApi
from shipping.carrier import FakeCarrier
from shipping.config import Config
from shipping.events import handlers
from shipping.service import ShippingService
from shipping.store import Store


def build_service(config: Config) -> Service:
    """Return the whole service, wired but not started."""
    service = Service(config)
    database = add_database(service, config.database_url)
    nats = add_nats(service, config.nats_url)
    relay = add_relay(service, database, nats)
    store = Store(database)
    carrier = add_worker(service, "carrier", FakeCarrier(database, store, relay.wake).collect)
    add_consumer(service, nats, database, handlers(store, config.pack_seconds), after_commit=carrier.wake)
    api = ShippingApi(ShippingService(store))
    add_grpc_server(service, [(add_ShippingServiceServicer_to_server, api)], ERROR_MAP)
    return service


if __name__ == "__main__":
    build_service(load(Config)).run()
