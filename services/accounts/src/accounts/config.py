"""What the accounts take from the environment."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Self

from chassis.config import ServiceConfig


class _Whole(int):
    """A whole number within bounds."""

    least: ClassVar[int]
    most: ClassVar[int]

    def __new__(cls, value: str | int) -> Self:
        try:
            number = super().__new__(cls, value)
        except ValueError:
            raise ValueError(f"{value!r} is not a whole number") from None
        if not cls.least <= number <= cls.most:
            raise ValueError(f"{number} is not between {cls.least} and {cls.most}")
        return number


class Hours(_Whole):
    """How long a token lives: an hour to a year."""

    least, most = 1, 8760


class Seconds(_Whole):
    """How long a new key waits: not at all to a day."""

    least, most = 0, 86400


_DAY, _MINUTE = Hours(24), Seconds(60)


@dataclass(frozen=True, kw_only=True)
class Config(ServiceConfig):
    """See README.md for each variable."""

    service: ClassVar[str] = "accounts"

    database_url: str
    token_hours: Hours = _DAY
    activate_seconds: Seconds = _MINUTE

    @property
    def token_lifetime(self) -> timedelta:
        """How long a token lives."""
        return timedelta(hours=self.token_hours)

    @property
    def activation(self) -> timedelta:
        """How long a new key is published before it signs."""
        return timedelta(seconds=self.activate_seconds)
