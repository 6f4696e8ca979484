"""What the fake services know, all in one place, so that a test can set the scene and look at the outcome."""

import threading
from dataclasses import dataclass, field

from chassis import context, money
from chassis.errors import AppError, Unavailable
from nightmarket.catalog.v1 import catalog_pb2 as catalog
from nightmarket.orders.v1.orders_pb2 import Order

STALLS = ("lamps", "teas", "toys")
# Names from the data carry this sign, by which a test tells them from the shop's own words.
SIGN = "¤"


def product(number: int, stall: str) -> catalog.Product:
    """A product of a stall; the twelfth lamp has the id lamps-12 and costs $12.99."""
    product_id = f"{stall}-{number}"
    return catalog.Product(
        id=product_id,
        name=f"{SIGN}{stall} No. {number} <b>{SIGN}",
        description=f"{SIGN}It is one of the {stall}.{SIGN}",
        category=stall,
        price=money.to_wire(number * 100 + 99),
        image_url=f"/api/v1/products/{product_id}/image",
    )


@dataclass
class State:
    """The scene. A service in `trouble` answers with that error; one in `slow` waits for that event, at most 5 s."""

    products: list[catalog.Product] = field(
        default_factory=lambda: [product(number, stall) for stall in STALLS for number in range(1, 27)]
    )
    stock: dict[str, int] = field(default_factory=dict)
    alike: dict[str, list[str]] = field(default_factory=dict)
    baskets: dict[str, dict[str, int]] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    refusal: AppError | None = None
    accounts: dict[str, str] = field(default_factory=dict)
    trouble: dict[str, AppError] = field(default_factory=dict)
    slow: dict[str, threading.Event] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def note(self, service: str, method: str) -> None:
        """Notes a call. Raises what is set for the service."""
        self.asked.append(f"{service}.{method}")
        if service in self.slow:
            self.slow[service].wait(5)
        if service in self.trouble:
            raise self.trouble[service]

    def break_down(self, *services: str) -> None:
        """From now on these services answer that they can't."""
        for service in services:
            self.trouble[service] = Unavailable(
                "UPSTREAM_UNAVAILABLE", f"{service} is down", {"service": service}
            )

    def basket(self) -> dict[str, int]:
        """The basket of the calling account."""
        return self.baskets.setdefault(context.current().account_id(), {})

    def found(self, product_id: str) -> catalog.Product | None:
        """The product of this id."""
        return next((product for product in self.products if product.id == product_id), None)
