"""Configuration of accounts."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Self

from chassis.config import ServiceConfig


class _BoundedInt(int):
    """A whole number from `minimum` to `maximum`. Raises ValueError."""

    minimum: ClassVar[int]
    maximum: ClassVar[int]

    def __new__(cls, value: str | int) -> Self:
        try:
            number = super().__new__(cls, value)
        except ValueError:
            raise ValueError(f"{value!r} is not a whole number") from None
        if not cls.minimum <= number <= cls.maximum:
            raise ValueError(f"{number} is not between {cls.minimum} and {cls.maximum}")
        return number


class Hours(_BoundedInt):
    """The lifetime of a token: an hour to a year."""

    minimum, maximum = 1, 8760


class Seconds(_BoundedInt):
    """The delay until a new key signs: zero to a day."""

    minimum, maximum = 0, 86400


_DAY, _MINUTE = Hours(24), Seconds(60)


@dataclass(frozen=True, kw_only=True)
class Config(ServiceConfig):
    """README.md describes each variable."""

    service: ClassVar[str] = "accounts"

    database_url: str
    token_hours: Hours = _DAY
    activate_seconds: Seconds = _MINUTE

    @property
    def token_lifetime(self) -> timedelta:
        """The lifetime of a token."""
        return timedelta(hours=self.token_hours)

    @property
    def activation(self) -> timedelta:
        """The time between publishing a new key and signing with it."""
        return timedelta(seconds=self.activate_seconds)
