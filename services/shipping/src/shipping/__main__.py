"""The composition root of shipping."""

from chassis import bus, consumer, database, grpc, relay, worker
from chassis.config import load
from chassis.lifecycle import Service
from nightmarket.shipping.v1.shipping_pb2_grpc import add_ShippingServiceServicer_to_server
from shipping.api import REFUSALS, ShippingApi
from shipping.carrier import collect
from shipping.config import Config
from shipping.events import handlers
from shipping.store import Store


def compose(config: Config) -> Service:
    """The whole service, wired but not started."""
    service = Service(config)
    tables = database.attach(service, config.database_url)
    broker = bus.attach(service, config.nats_url)
    outbox = relay.attach(service, tables, broker)
    van = worker.attach(service, "carrier", lambda: collect(tables, after_commit=outbox.wake))
    consumer.attach(service, broker, tables, handlers(config.pack_seconds), after_commit=van.wake)
    grpc.attach(service, [(add_ShippingServiceServicer_to_server, ShippingApi(Store(tables)))], REFUSALS)
    return service


if __name__ == "__main__":
    compose(load(Config)).run()
