"""The composition root of recommendations."""

from chassis import bus, consumer, database, grpc
from chassis.config import load
from chassis.lifecycle import Service
from nightmarket.recommendations.v1.recommendations_pb2_grpc import (
    add_RecommendationsServiceServicer_to_server,
)
from recommendations.api import RecommendationsApi
from recommendations.config import Config
from recommendations.events import HANDLERS
from recommendations.store import Store


def compose(config: Config) -> Service:
    """The whole service, wired but not started."""
    service = Service(config)
    tables = database.attach(service, config.database_url)
    broker = bus.attach(service, config.nats_url)
    consumer.attach(service, broker, tables, HANDLERS)
    api = RecommendationsApi(Store(tables, config.model), config.model)
    grpc.attach(service, [(add_RecommendationsServiceServicer_to_server, api)], refusals={})
    return service


if __name__ == "__main__":
    compose(load(Config)).run()
