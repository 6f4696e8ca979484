import pytest

from chassis import money
from nightmarket.orders.v1.orders_pb2 import Address, Shipping
from services.storefront.tests.fakes.orders import order, step


def refresh(answer):
    return answer.page.all("meta", **{"http-equiv": "refresh"})


def test_orders_are_listed_newest_first_page_by_page(buyer, state):
    state.orders = {f"order-{number}": order(f"order-{number}") for number in range(25)}
    first = buyer.get("/orders")
    second = buyer.get(first.page.one("a", rel="next")["href"])
    links = [
        link["href"] for page in (first, second) for item in page.page.all("h2") for link in item.all("a")
    ]
    assert links == [f"/orders/order-{number}" for number in reversed(range(25))]


def test_a_buyer_without_orders_gets_a_hint(buyer):
    assert "You haven't ordered anything yet." in buyer.get("/orders").text


def test_an_order_shows_its_lines_totals_and_address(buyer, state):
    address = Address(
        name="Ada", line1="1 Road", line2="Flat 2", city="London", postal_code="N1", country_code="GB"
    )
    shipping = Shipping(address=address, cost=money.to_wire(500), tracking_number="NM123")
    state.orders["order-1"] = order("order-1", "SHIPPED", shipping=shipping)
    page = buyer.get("/orders/order-1").page
    assert "2 \u00d7 ¤A lamp¤ $3.98 Subtotal $3.98 Shipping $5.00 Total $8.98" in page.one("main").text
    assert page.one("address").text == "Ada 1 Road Flat 2 N1 London United Kingdom"
    assert "Tracking number: NM123" in page.one("main").text


def test_shipping_without_cost_is_free(buyer, state):
    state.orders["order-1"] = order("order-1", shipping=Shipping(cost=money.to_wire(0)))
    assert "Shipping Free" in buyer.get("/orders/order-1").text


def test_the_journey_shows_each_step_with_its_service_and_time(buyer, state):
    state.orders["order-1"] = order(
        "order-1",
        journey=[
            step("order.place", "orders", 0),
            step("payment.authorize", "payments", 0.25, "rejected", "The bank declined the card."),
            step("stars.align", "astrology", 61.5, "shining"),
        ],
    )
    journey = buyer.get("/orders/order-1").page.one("ol", **{"class": "journey"})
    assert [item.text for item in journey.all("li")] == [
        "Place the order orders +0.00 s",
        "Authorize the payment payments rejected The bank declined the card. +0.25 s",
        "stars.align astrology shining +61.50 s",
    ]


def test_the_page_of_a_pending_order_refreshes_until_the_buyer_stops_it(buyer, state):
    state.orders["order-1"] = order("order-1", "PENDING")
    pending = buyer.get("/orders/order-1")
    stop = pending.page.one("a", href="?wait=no")["href"]
    assert [meta["content"] for meta in refresh(pending)] == ["2"]
    assert not refresh(buyer.get(f"/orders/order-1{stop}"))


@pytest.mark.parametrize(
    ("state_name", "text", "is_cancelable"),
    [
        ("PENDING", "We're still working on your order", True),
        ("CONFIRMED", "Your order is paid and will ship soon.", True),
        ("SHIPPED", "Your order is on its way.", False),
        ("CANCELLED", "The order was canceled, and you keep your money.", False),
    ],
)
def test_the_page_explains_the_state_of_an_order(buyer, state, state_name, text, is_cancelable):
    state.orders["order-1"] = order("order-1", state_name)
    answer = buyer.get("/orders/order-1")
    assert text in answer.text
    assert bool(answer.page.all("form", action="/orders/order-1/cancel")) is is_cancelable
    assert bool(refresh(answer)) is (state_name == "PENDING")


def test_the_page_of_a_canceled_order_shows_the_reason(buyer, state):
    state.orders["order-1"] = order("order-1", "CANCELLED", cancel_reason="CARD_DECLINED")
    assert "The bank declined this card." in buyer.get("/orders/order-1").text


def test_an_order_can_be_canceled(buyer, state):
    state.orders["order-1"] = order("order-1")
    answer = buyer.submit(buyer.get("/orders/order-1"), "/orders/order-1/cancel")
    assert answer.path == "/orders/order-1"
    assert "Your order has been canceled." in answer.text


def test_an_order_that_has_just_shipped_cannot_be_canceled(buyer, state):
    state.orders["order-1"] = order("order-1")
    page = buyer.get("/orders/order-1")
    state.orders["order-1"] = order("order-1", "SHIPPED")
    assert "Your order has already shipped" in buyer.submit(page, "/orders/order-1/cancel").text


@pytest.mark.parametrize("order_id", ["no-such", "x" * 2000, "%00"])
def test_an_unknown_order_is_not_found(buyer, order_id):
    answer = buyer.get(f"/orders/{order_id}")
    assert answer.status == 404
    assert "We couldn't find this order." in answer.text


def test_a_visitor_signs_in_first_and_comes_back(visitor):
    assert visitor.get("/orders/order-1").path == "/sign-in?next=%2Forders%2Forder-1"
