"""The composition root of recommendations."""

from chassis.config import load
from chassis.grpc_server import add_grpc_server
from chassis.lifecycle import Service
from chassis.postgres import add_database
from messaging.consumer import add_consumer
from messaging.nats import add_nats
from nightmarket.recommendations.v1.recommendations_pb2_grpc import (
    add_RecommendationsServiceServicer_to_server,
)
from recommendations.api import RecommendationsApi
from recommendations.config import Config
from recommendations.events import handlers
from recommendations.store import Store


def build_service(config: Config) -> Service:
    """Return the service, wired but not started."""
    service = Service(config)
    database = add_database(service, config.database_url)
    store = Store(database, config.model)
    add_consumer(service, add_nats(service, config.nats_url), database, handlers(store))
    api = RecommendationsApi(store, config.model)
    add_grpc_server(service, [(add_RecommendationsServiceServicer_to_server, api)], error_map={})
    return service


if __name__ == "__main__":
    build_service(load(Config)).run()
