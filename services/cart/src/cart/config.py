"""The environment variables of the cart."""

from dataclasses import dataclass
from typing import ClassVar

from chassis.config import ServiceConfig


@dataclass(frozen=True, kw_only=True)
class Config(ServiceConfig):
    """See README.md for each variable."""

    service: ClassVar[str] = "cart"

    nats_url: str
    catalog_addr: str
