"""The services around the storefront. Each is a fake that follows the contract of its service, on a real server."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from chassis.config import LogLevel, ServiceConfig
from chassis.grpc_server import Registration, add_grpc_server
from chassis.lifecycle import Service
from nightmarket.cart.v1.cart_pb2_grpc import add_CartServiceServicer_to_server
from nightmarket.catalog.v1.catalog_pb2_grpc import add_CatalogServiceServicer_to_server
from nightmarket.inventory.v1.inventory_pb2_grpc import add_InventoryServiceServicer_to_server
from nightmarket.orders.v1.orders_pb2_grpc import add_OrdersServiceServicer_to_server
from nightmarket.recommendations.v1.recommendations_pb2_grpc import (
    add_RecommendationsServiceServicer_to_server,
)
from services.storefront.tests.fakes.accounts import FakeAccounts, serving
from services.storefront.tests.fakes.catalog import FakeCatalog, FakeInventory, FakeRecommendations
from services.storefront.tests.fakes.orders import FakeCart, FakeOrders
from services.storefront.tests.fakes.state import State
from storefront.config import Config, Secret
from tests.support.services import started


@dataclass(frozen=True)
class FakeStack:
    """The running fakes: their data, the services by name, and the configuration of a storefront that uses them."""

    state: State
    services: dict[str, Service]
    config: Config

    def reset(self) -> None:
        """Reset the data."""
        vars(self.state).update(vars(State()))


@contextmanager
def running(free_port: Callable[[], int]) -> Iterator[FakeStack]:
    """Run the fakes until the end of the block."""
    state = State()
    servicers = {
        "catalog": (add_CatalogServiceServicer_to_server, FakeCatalog(state)),
        "inventory": (add_InventoryServiceServicer_to_server, FakeInventory(state)),
        "recommendations": (add_RecommendationsServiceServicer_to_server, FakeRecommendations(state)),
        "cart": (add_CartServiceServicer_to_server, FakeCart(state)),
        "orders": (add_OrdersServiceServicer_to_server, FakeOrders(state)),
    }
    with ExitStack() as stack:
        services = {
            name: stack.enter_context(started(_builder([registration]), _config(name, free_port)))
            for name, registration in servicers.items()
        }
        addresses = {name: f"127.0.0.1:{service.config.port}" for name, service in services.items()}
        url = stack.enter_context(serving(FakeAccounts(state)))
        yield FakeStack(state, services, _storefront_config(addresses, url, free_port))


def _storefront_config(addresses: dict[str, str], accounts_url: str, free_port: Callable[[], int]) -> Config:
    return Config(
        catalog_addr=addresses["catalog"],
        inventory_addr=addresses["inventory"],
        cart_addr=addresses["cart"],
        orders_addr=addresses["orders"],
        recommendations_addr=addresses["recommendations"],
        accounts_url=accounts_url,
        secret_key=Secret("a secret for the tests"),
        port=free_port(),
        admin_port=free_port(),
    )


def _config(name: str, free_port: Callable[[], int]) -> ServiceConfig:
    class FakeConfig(ServiceConfig):
        service = name

    return FakeConfig(port=free_port(), admin_port=free_port(), log_level=LogLevel("ERROR"))


def _builder(registrations: list[Registration]) -> Callable[[ServiceConfig], Service]:
    def build_service(config: ServiceConfig) -> Service:
        service = Service(config)
        add_grpc_server(service, registrations, {})
        return service

    return build_service
