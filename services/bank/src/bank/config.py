"""Configuration of the bank."""

from dataclasses import dataclass
from typing import ClassVar, Self

from chassis.config import ServiceConfig


class SlowSeconds(float):
    """A delay from 0 to 60 seconds. Raises ValueError."""

    def __new__(cls, value: str | float) -> Self:
        seconds = super().__new__(cls, value)
        if not 0 <= seconds <= 60:
            raise ValueError("must be from 0 to 60")
        return seconds


_THREE_SECONDS = SlowSeconds(3)


@dataclass(frozen=True, kw_only=True)
class Config(ServiceConfig):
    """README.md describes each variable."""

    service: ClassVar[str] = "bank"

    database_url: str
    bank_api_key: str
    bank_slow_seconds: SlowSeconds = _THREE_SECONDS
