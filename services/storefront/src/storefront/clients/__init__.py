"""The services that the storefront calls."""

from collections.abc import Mapping
from dataclasses import dataclass

from chassis.grpc_client import Channel
from storefront.clients.accounts import Accounts
from storefront.clients.baskets import Baskets
from storefront.clients.orders import Orders
from storefront.clients.shelves import Shelves
from storefront.config import Config


@dataclass(frozen=True)
class Clients:
    """All of them, and the gRPC channels by service."""

    shelves: Shelves
    baskets: Baskets
    orders: Orders
    accounts: Accounts
    channels: Mapping[str, Channel]

    def close(self) -> None:
        """Closes all connections."""
        for channel in self.channels.values():
            channel.close()


def connect(config: Config) -> Clients:
    """Clients for the addresses of `config`. Nothing is asked yet, and a service that is down is no error."""
    addresses = {
        "catalog": config.catalog_addr,
        "inventory": config.inventory_addr,
        "recommendations": config.recommendations_addr,
        "cart": config.cart_addr,
        "orders": config.orders_addr,
    }
    channels = {name: Channel(name, address) for name, address in addresses.items()}
    return Clients(
        shelves=Shelves(channels["catalog"], channels["inventory"], channels["recommendations"]),
        baskets=Baskets(channels["cart"]),
        orders=Orders(channels["orders"]),
        accounts=Accounts(config.accounts_url),
        channels=channels,
    )
