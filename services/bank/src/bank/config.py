"""Configuration of the bank."""

from dataclasses import dataclass
from typing import ClassVar, Self

from chassis.config import ServiceConfig


class SlowSeconds(float):
    """A delay from 0 to 60 seconds. Raises ValueError."""

    def __new__(cls, value: str | float) -> Self:
        try:
            seconds = super().__new__(cls, value)
        except ValueError:
            raise ValueError(f"{value!r} is not a number") from None
        if not 0 <= seconds <= 60:
            raise ValueError(f"{value} is not between 0 and 60")
        return seconds


_THREE_SECONDS = SlowSeconds(3)


@dataclass(frozen=True, kw_only=True)
class Config(ServiceConfig):
    """README.md describes each variable."""

    service: ClassVar[str] = "bank"

    database_url: str
    bank_api_key: str
    bank_slow_seconds: SlowSeconds = _THREE_SECONDS
