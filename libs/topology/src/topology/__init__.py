"""The facts of the system: every service, its protocol, what it owns and which services it calls."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Protocol(Enum):
    """How other programs reach a service."""

    GRPC = "grpc"
    HTTP = "http"
    EVENTS = "events"  # no port: the service only consumes events from NATS


@dataclass(frozen=True)
class Service:
    """One service. ``settings`` names further environment variables, which each way to run the system fills in."""

    name: str
    protocol: Protocol
    database: bool = False
    nats: bool = False
    calls: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()

    @property
    def has_sidecar(self) -> bool:
        """Whether the service gets a sidecar if there is a mesh.

        The bank gets none because it is outside the mesh. A service that only consumes events gets none because it
        neither makes nor takes calls.
        """
        return self.name != BANK and self.protocol is not Protocol.EVENTS


BANK = "bank"  # external: not part of the mesh
# With a mesh, one service runs in two versions, so that a canary rollout can shift requests between them.
CANARY_SERVICE, CANARY = "recommendations", "recommendations-v2"

SERVICES = (
    Service(
        "storefront",
        Protocol.HTTP,
        settings=("SECRET_KEY",),
        calls=("catalog", "inventory", "cart", "orders", "recommendations", "accounts"),
    ),
    Service("accounts", Protocol.HTTP, database=True),
    Service("catalog", Protocol.GRPC, database=True),
    Service("inventory", Protocol.GRPC, database=True),
    Service("cart", Protocol.GRPC, nats=True, calls=("catalog",)),
    Service(
        "orders",
        Protocol.GRPC,
        database=True,
        nats=True,
        calls=("catalog", "cart", "inventory", "payments", "shipping"),
    ),
    Service("payments", Protocol.GRPC, database=True, calls=("bank",), settings=("BANK_API_KEY",)),
    Service("shipping", Protocol.GRPC, database=True, nats=True),
    Service("recommendations", Protocol.GRPC, database=True, nats=True),
    Service("notifications", Protocol.EVENTS, database=True, nats=True, settings=("MAIL_DIR", "SHOP_URL")),
    Service("bank", Protocol.HTTP, database=True, settings=("BANK_API_KEY",)),
)
