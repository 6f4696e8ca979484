"""What inventory takes from the environment."""

from dataclasses import dataclass
from typing import ClassVar

from chassis.config import ServiceConfig


@dataclass(frozen=True, kw_only=True)
class Config(ServiceConfig):
    """See README.md for each variable."""

    service: ClassVar[str] = "inventory"

    database_url: str
    reservation_seconds: float = 900.0
