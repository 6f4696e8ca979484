"""The data of the fake services in one place, so that a test can set it up and check the outcome."""

import threading
from dataclasses import dataclass, field

from chassis import context, money
from chassis.errors import AppError, Unavailable
from nightmarket.catalog.v1 import catalog_pb2 as catalog
from nightmarket.orders.v1.orders_pb2 import Order

CATEGORIES = ("lamps", "teas", "toys")
# Marks names that come from data, so that a test can distinguish them from the shop's own texts.
MARK = "¤"


def product(number: int, category: str) -> catalog.Product:
    """Return a product of a category. The twelfth lamp has the id lamps-12 and costs $12.99."""
    product_id = f"{category}-{number}"
    return catalog.Product(
        id=product_id,
        name=f"{MARK}{category} No. {number} <b>{MARK}",
        description=f"{MARK}It is one of the {category}.{MARK}",
        category=category,
        price=money.to_wire(number * 100 + 99),
        image_url=f"/api/v1/products/{product_id}/image",
    )


@dataclass
class State:
    """The data and the faults of all fake services.

    A service in `errors` answers with that error. A service in `delays` waits for that event, at most 5 s.
    """

    products: list[catalog.Product] = field(
        default_factory=lambda: [
            product(number, category) for category in CATEGORIES for number in range(1, 27)
        ]
    )
    stock: dict[str, int] = field(default_factory=dict)
    recommendations: dict[str, list[str]] = field(default_factory=dict)
    carts: dict[str, dict[str, int]] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    rejection: AppError | None = None
    accounts: dict[str, str] = field(default_factory=dict)
    errors: dict[str, AppError] = field(default_factory=dict)
    delays: dict[str, threading.Event] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def record(self, service: str, method: str) -> None:
        """Record a call and apply the faults of the service."""
        self.calls.append(f"{service}.{method}")
        if service in self.delays:
            self.delays[service].wait(5)
        if service in self.errors:
            raise self.errors[service]

    def take_down(self, *services: str) -> None:
        """Make these services answer UPSTREAM_UNAVAILABLE from now on."""
        for service in services:
            self.errors[service] = Unavailable(
                "UPSTREAM_UNAVAILABLE", f"{service} is down", {"service": service}
            )

    def cart(self) -> dict[str, int]:
        """Return the cart of the calling account."""
        return self.carts.setdefault(context.current().account_id(), {})

    def find_product(self, product_id: str) -> catalog.Product | None:
        """Return the product with this id, or None."""
        return next((product for product in self.products if product.id == product_id), None)
