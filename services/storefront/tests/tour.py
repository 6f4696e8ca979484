"""A walk through the whole shop: one example of every page, for tests that hold all pages to a rule."""

from chassis import money
from chassis.errors import FailedPrecondition
from nightmarket.orders.v1.orders_pb2 import Address, Shipping
from services.storefront.tests.fakes.buyers import order, step
from services.storefront.tests.fakes.state import SIGN, State
from services.storefront.tests.visitor import Answer, Visitor

BUYER = "ada@example.com"
_ADDRESS = Address(
    name=f"{SIGN}Ada{SIGN}",
    line1=f"{SIGN}Road{SIGN}",
    line2=f"{SIGN}Flat{SIGN}",
    city=f"{SIGN}London{SIGN}",
    postal_code="1",
    country_code="GB",
)


def set_the_scene(state: State) -> None:
    """Goods in every stock, baskets, orders in every state."""
    state.stock |= {"lamps-1": 0, "lamps-2": 1, "lamps-3": 4}
    state.alike["lamps-4"] = ["teas-1", "toys-2"]
    state.baskets[BUYER] = {"lamps-5": 2, "teas-2": 1}
    shipping = Shipping(address=_ADDRESS, cost=money.to_wire(0), tracking_number=f"{SIGN}NM1{SIGN}")
    journey = [
        step("order.place", "orders", 0),
        step("payment.authorize", "payments", 0.2, "rejected", f"{SIGN}No{SIGN}"),
        step("payment.capture", "payments", 0.3, "unknown"),
    ]
    for name in ("PENDING", "CONFIRMED", "SHIPPED", "CANCELLED"):
        reason = "SOLD_OUT" if name == "CANCELLED" else ""
        state.orders[name] = order(name, name, shipping=shipping, cancel_reason=reason, journey=journey)
    for number in range(20):
        state.orders[f"old-{number}"] = order(f"old-{number}")


def walk(visitor: Visitor, state: State) -> dict[str, Answer]:
    """Every page by a name, first as somebody who has not signed in, then as a buyer."""
    set_the_scene(state)
    visitor.account = ""
    seen = {path: visitor.get(path) for path in _OPEN}
    seen["wrong password"] = visitor.send(visitor.get("/sign-in?next=/basket"), "/sign-in", email=BUYER)
    state.accounts[BUYER] = "lantern light"
    seen["taken address"] = visitor.send(visitor.get("/sign-up"), "/sign-up", email=BUYER, name="")
    visitor.account = BUYER
    seen |= {f"{path} of a buyer": visitor.get(path) for path in _FOR_BUYERS}
    seen["changed"] = visitor.send(visitor.get("/basket"), "/basket/items/lamps-5", quantity="1")
    seen["changed wrongly"] = visitor.send(visitor.get("/basket"), "/basket/items/lamps-5", quantity="-")
    seen["no town"] = visitor.send(visitor.get("/checkout"), "/checkout", city="")
    state.refusal = FailedPrecondition("SOLD_OUT", "", {"lamps-5": "1", "orderId": "CANCELLED"})
    seen["sold out"] = visitor.send(visitor.get("/checkout"), "/checkout", city="¤London¤")
    state.break_down("inventory")
    seen["no stock"] = visitor.get("/p/teas-9")
    state.break_down("orders")
    seen["closed"] = visitor.get("/orders")
    state.trouble.clear()
    state.baskets.clear()
    seen["empty basket"] = visitor.get("/basket")
    state.orders.clear()
    seen["no orders"] = visitor.get("/orders")
    return seen


_OPEN = (
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
    "/sign-in?next=/basket",
    "/sign-up",
)
_FOR_BUYERS = (
    "/",
    "/p/lamps-4",
    "/basket",
    "/checkout",
    "/orders",
    "/orders/PENDING",
    "/orders/CONFIRMED",
    "/orders/SHIPPED",
    "/orders/CANCELLED",
    "/orders/no-such",
)
