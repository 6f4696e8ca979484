"""The environment variables of payments."""

from dataclasses import dataclass
from typing import ClassVar

from chassis.config import ServiceConfig


@dataclass(frozen=True, kw_only=True)
class Config(ServiceConfig):
    """See README.md for each variable."""

    service: ClassVar[str] = "payments"

    database_url: str
    bank_url: str
    bank_api_key: str
