"""What the bank takes from the environment."""

from dataclasses import dataclass
from typing import ClassVar

from chassis.config import ConfigError, ServiceConfig


@dataclass(frozen=True, kw_only=True)
class Config(ServiceConfig):
    """See README.md for each variable."""

    service: ClassVar[str] = "bank"

    database_url: str
    bank_api_key: str
    bank_slow_seconds: float = 3.0

    def __post_init__(self) -> None:
        if not 0 <= self.bank_slow_seconds <= 60:
            raise ConfigError("bank: BANK_SLOW_SECONDS: must be from 0 to 60")
