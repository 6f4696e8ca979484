"""The composition root of inventory."""

from chassis.config import load
from chassis.grpc_server import add_grpc_server
from chassis.lifecycle import Service, add_worker
from chassis.postgres import add_database
from inventory.api import ERROR_MAP, ReservationApi, StockApi
from inventory.config import Config
from inventory.service import InventoryService
from inventory.store import Store
from nightmarket.inventory.v1.inventory_pb2_grpc import (
    add_InventoryServiceServicer_to_server,
    add_ReservationServiceServicer_to_server,
)


def build_service(config: Config) -> Service:
    """Return the service, wired but not started."""
    service = Service(config)
    store = Store(add_database(service, config.database_url))
    inventory = InventoryService(store, config.reservation_seconds)
    add_worker(service, "sweeper", inventory.expire_overdue)
    servicers = [
        (add_InventoryServiceServicer_to_server, StockApi(inventory)),
        (add_ReservationServiceServicer_to_server, ReservationApi(inventory)),
    ]
    add_grpc_server(service, servicers, ERROR_MAP)
    return service


if __name__ == "__main__":
    build_service(load(Config)).run()
