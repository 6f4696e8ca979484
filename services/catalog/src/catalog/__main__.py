"""The composition root of the catalogue."""

from catalog.api import REFUSALS, CatalogApi
from catalog.config import Config
from catalog.store import Store
from chassis import database, grpc
from chassis.config import load
from chassis.lifecycle import Service
from nightmarket.catalog.v1.catalog_pb2_grpc import add_CatalogServiceServicer_to_server


def compose(config: Config) -> Service:
    """The whole service, wired but not started."""
    service = Service(config)
    store = Store(database.attach(service, config.database_url))
    grpc.attach(service, [(add_CatalogServiceServicer_to_server, CatalogApi(store))], REFUSALS)
    return service


if __name__ == "__main__":
    compose(load(Config)).run()
