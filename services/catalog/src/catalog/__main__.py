"""The composition root of the catalog."""

from catalog.api import ERROR_MAP, CatalogApi
from catalog.config import Config
from catalog.store import Store
from chassis.config import load
from chassis.grpc_server import add_grpc_server
from chassis.lifecycle import Service
from chassis.postgres import add_database
from nightmarket.catalog.v1.catalog_pb2_grpc import add_CatalogServiceServicer_to_server


def build_service(config: Config) -> Service:
    """Return the service, wired but not started."""
    service = Service(config)
    store = Store(add_database(service, config.database_url))
    add_grpc_server(service, [(add_CatalogServiceServicer_to_server, CatalogApi(store))], ERROR_MAP)
    return service


if __name__ == "__main__":
    build_service(load(Config)).run()
