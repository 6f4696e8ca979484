"""The market as it is drawn: every service, what it speaks, what it owns, whom it calls."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Speaks(Enum):
    """How a service is reached."""

    GRPC = "grpc"
    HTTP = "http"
    EVENTS = "events"  # not at all: it listens to the broker


@dataclass(frozen=True)
class Service:
    """One service. ``settings`` names further environment variables, which `environment.py` fills."""

    name: str
    speaks: Speaks
    database: bool = False
    broker: bool = False
    calls: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()

    @property
    def has_sidecar(self) -> bool:
        """Whether one stands beside it where there is a mesh: not beside the bank, which is outside, and not beside
        who neither calls nor is called, and has nothing to guard."""
        return self.name != BANK and self.speaks is not Speaks.EVENTS


BANK = "bank"  # the world outside
# With a mesh there are two versions of one service, to shift requests between.
TWICE, SECOND = "recommendations", "recommendations-v2"

SERVICES = (
    Service(
        "storefront",
        Speaks.HTTP,
        settings=("SECRET_KEY",),
        calls=("catalog", "inventory", "cart", "orders", "recommendations", "accounts"),
    ),
    Service("accounts", Speaks.HTTP, database=True),
    Service("catalog", Speaks.GRPC, database=True),
    Service("inventory", Speaks.GRPC, database=True),
    Service("cart", Speaks.GRPC, broker=True, calls=("catalog",)),
    Service(
        "orders",
        Speaks.GRPC,
        database=True,
        broker=True,
        calls=("catalog", "cart", "inventory", "payments", "shipping"),
    ),
    Service("payments", Speaks.GRPC, database=True, calls=("bank",), settings=("BANK_API_KEY",)),
    Service("shipping", Speaks.GRPC, database=True, broker=True),
    Service("recommendations", Speaks.GRPC, database=True, broker=True),
    Service("notifications", Speaks.EVENTS, database=True, broker=True, settings=("MAIL_DIR", "SHOP_URL")),
    Service("bank", Speaks.HTTP, database=True, settings=("BANK_API_KEY",)),
)
