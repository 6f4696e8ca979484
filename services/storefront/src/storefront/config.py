"""What the storefront takes from the environment."""

from dataclasses import dataclass
from typing import ClassVar, Self

from chassis.config import ServiceConfig

_SHORTEST_SECRET = 16


class Secret(str):
    """A key to sign with, of 16 characters or more."""

    __slots__ = ()

    def __new__(cls, value: str) -> Self:
        if len(value) < _SHORTEST_SECRET:
            raise ValueError(f"must have at least {_SHORTEST_SECRET} characters")
        return super().__new__(cls, value)


@dataclass(frozen=True, kw_only=True)
class Config(ServiceConfig):
    """See README.md for each variable."""

    service: ClassVar[str] = "storefront"

    catalog_addr: str
    inventory_addr: str
    cart_addr: str
    orders_addr: str
    recommendations_addr: str
    accounts_url: str
    secret_key: Secret
