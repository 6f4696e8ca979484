"""The composition root of shipping."""

from chassis import bus, consumer, database, grpc, relay, worker
from chassis.config import load
from chassis.lifecycle import Service
from nightmarket.shipping.v1.shipping_pb2_grpc import add_ShippingServiceServicer_to_server
from shipping.api import REFUSALS, ShippingApi
from shipping.carrier import FakeCarrier
from shipping.config import Config
from shipping.events import handlers
from shipping.service import ShippingService
from shipping.store import Store


def compose(config: Config) -> Service:
    """Return the whole service, wired but not started."""
    service = Service(config)
    db = database.attach(service, config.database_url)
    broker = bus.attach(service, config.nats_url)
    outbox = relay.attach(service, db, broker)
    store = Store(db)
    carrier = worker.attach(service, "carrier", FakeCarrier(db, store, outbox.wake).collect)
    consumer.attach(service, broker, db, handlers(store, config.pack_seconds), after_commit=carrier.wake)
    api = ShippingApi(ShippingService(store))
    grpc.attach(service, [(add_ShippingServiceServicer_to_server, api)], REFUSALS)
    return service


if __name__ == "__main__":
    compose(load(Config)).run()
