"""A tour of the shop that visits every page once, for tests of rules that hold for all pages."""

from chassis import money
from chassis.errors import FailedPrecondition
from nightmarket.orders.v1.orders_pb2 import Address, Shipping
from services.storefront.tests.fakes.orders import order, step
from services.storefront.tests.fakes.state import MARK, State
from services.storefront.tests.visitor import Answer, Visitor

BUYER = "ada@example.com"
_ADDRESS = Address(
    name=f"{MARK}Ada{MARK}",
    line1=f"{MARK}Road{MARK}",
    line2=f"{MARK}Flat{MARK}",
    city=f"{MARK}London{MARK}",
    postal_code="1",
    country_code="GB",
)


def fill(state: State) -> None:
    """Set up products at every stock level, a cart, and orders in every state."""
    state.stock |= {"lamps-1": 0, "lamps-2": 1, "lamps-3": 4}
    state.recommendations["lamps-4"] = ["teas-1", "toys-2"]
    state.carts[BUYER] = {"lamps-5": 2, "teas-2": 1}
    shipping = Shipping(address=_ADDRESS, cost=money.to_wire(0), tracking_number=f"{MARK}NM1{MARK}")
    journey = [
        step("order.place", "orders", 0),
        step("payment.authorize", "payments", 0.2, "rejected", f"{MARK}No{MARK}"),
        step("payment.capture", "payments", 0.3, "unknown"),
    ]
    for name in ("PENDING", "CONFIRMED", "SHIPPED", "CANCELLED"):
        reason = "SOLD_OUT" if name == "CANCELLED" else ""
        state.orders[name] = order(name, name, shipping=shipping, cancel_reason=reason, journey=journey)
    for number in range(20):
        state.orders[f"old-{number}"] = order(f"old-{number}")


def tour(visitor: Visitor, state: State) -> dict[str, Answer]:
    """Return every page by a name, first as a visitor who is not signed in, then as a buyer."""
    fill(state)
    visitor.account = ""
    pages = {path: visitor.get(path) for path in _PUBLIC}
    pages["wrong password"] = visitor.submit(visitor.get("/sign-in?next=/cart"), "/sign-in", email=BUYER)
    state.accounts[BUYER] = "lantern light"
    pages["email taken"] = visitor.submit(visitor.get("/sign-up"), "/sign-up", email=BUYER, name="")
    visitor.account = BUYER
    pages |= {f"{path} of a buyer": visitor.get(path) for path in _PRIVATE}
    pages["updated cart"] = visitor.submit(visitor.get("/cart"), "/cart/items/lamps-5", quantity="1")
    pages["invalid quantity"] = visitor.submit(visitor.get("/cart"), "/cart/items/lamps-5", quantity="-")
    pages["no city"] = visitor.submit(visitor.get("/checkout"), "/checkout", city="")
    state.rejection = FailedPrecondition("SOLD_OUT", "", {"lamps-5": "1", "orderId": "CANCELLED"})
    pages["sold out"] = visitor.submit(visitor.get("/checkout"), "/checkout", city="¤London¤")
    state.take_down("inventory")
    pages["unknown stock"] = visitor.get("/p/teas-9")
    state.take_down("orders")
    pages["orders is down"] = visitor.get("/orders")
    state.errors.clear()
    state.carts.clear()
    pages["empty cart"] = visitor.get("/cart")
    state.orders.clear()
    pages["no orders"] = visitor.get("/orders")
    return pages


_PUBLIC = (
    "/",
    "/c/lamps",
    "/c/lamps?after=24",
    "/search",
    "/search?q=teas",
    "/search?q=9999",
    "/search?q=teas&after=nonsense",
    "/p/lamps-1",
    "/p/lamps-2",
    "/p/lamps-3",
    "/p/lamps-4",
    "/p/no-such",
    "/nowhere",
    "/sign-in?next=/cart",
    "/sign-up",
)
_PRIVATE = (
    "/",
    "/p/lamps-4",
    "/cart",
    "/checkout",
    "/orders",
    "/orders/PENDING",
    "/orders/CONFIRMED",
    "/orders/SHIPPED",
    "/orders/CANCELLED",
    "/orders/no-such",
)
