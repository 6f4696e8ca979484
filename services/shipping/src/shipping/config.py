"""The environment variables of shipping."""

from dataclasses import dataclass
from typing import ClassVar

from chassis.config import ServiceConfig


@dataclass(frozen=True, kw_only=True)
class Config(ServiceConfig):
    """See README.md for each variable."""

    service: ClassVar[str] = "shipping"

    database_url: str
    nats_url: str
    pack_seconds: float = 15.0
