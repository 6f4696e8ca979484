"""The storefront's configuration."""

from dataclasses import dataclass
from typing import ClassVar, Self

from chassis.config import ServiceConfig

_MIN_SECRET_LENGTH = 16


class Secret(str):
    """A signing key of at least 16 characters."""

    __slots__ = ()

    def __new__(cls, value: str) -> Self:
        if len(value) < _MIN_SECRET_LENGTH:
            raise ValueError(f"must have at least {_MIN_SECRET_LENGTH} characters")
        return super().__new__(cls, value)


@dataclass(frozen=True, kw_only=True)
class Config(ServiceConfig):
    """The environment variables of the storefront. README.md describes them."""

    service: ClassVar[str] = "storefront"

    catalog_addr: str
    inventory_addr: str
    cart_addr: str
    orders_addr: str
    recommendations_addr: str
    accounts_url: str
    secret_key: Secret
