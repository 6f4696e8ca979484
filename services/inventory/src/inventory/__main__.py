"""The composition root of inventory."""

from chassis import database, grpc, worker
from chassis.config import load
from chassis.lifecycle import Service
from inventory.api import REFUSALS, ReservationApi, StockApi
from inventory.config import Config
from inventory.service import InventoryService
from inventory.store import Store
from nightmarket.inventory.v1.inventory_pb2_grpc import (
    add_InventoryServiceServicer_to_server,
    add_ReservationServiceServicer_to_server,
)


def compose(config: Config) -> Service:
    """Return the service, wired but not started."""
    service = Service(config)
    store = Store(database.attach(service, config.database_url))
    inventory = InventoryService(store, config.reservation_seconds)
    worker.attach(service, "sweeper", inventory.expire_overdue)
    servicers = [
        (add_InventoryServiceServicer_to_server, StockApi(inventory)),
        (add_ReservationServiceServicer_to_server, ReservationApi(inventory)),
    ]
    grpc.attach(service, servicers, REFUSALS)
    return service


if __name__ == "__main__":
    compose(load(Config)).run()
