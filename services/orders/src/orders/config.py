"""The environment variables of orders."""

from dataclasses import dataclass
from typing import ClassVar

from chassis.config import ServiceConfig


@dataclass(frozen=True, kw_only=True)
class Config(ServiceConfig):
    """See README.md for each variable."""

    service: ClassVar[str] = "orders"

    database_url: str
    nats_url: str
    catalog_addr: str
    cart_addr: str
    inventory_addr: str
    payments_addr: str
    shipping_addr: str
    sweep_seconds: float = 1.0
    lease_seconds: float = 20.0
    give_up_seconds: float = 600.0
    flat_shipping_cents: int = 995
