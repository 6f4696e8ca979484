import pytest

from chassis import money
from nightmarket.orders.v1.orders_pb2 import Address, Shipping
from services.storefront.tests.fakes.buyers import order, step


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


def test_who_has_not_ordered_yet_is_told(buyer):
    assert "You have not ordered anything yet." in buyer.get("/orders").text


def test_an_order_shows_its_lines_sums_and_address(buyer, state):
    address = Address(
        name="Ada", line1="1 Road", line2="Flat 2", city="London", postal_code="N1", country_code="GB"
    )
    shipping = Shipping(address=address, cost=money.to_wire(500), tracking_number="NM123")
    state.orders["order-1"] = order("order-1", "SHIPPED", shipping=shipping)
    page = buyer.get("/orders/order-1").page
    assert "2 \u00d7 ¤A lamp¤ $3.98 Goods $3.98 Shipping $5.00 Total $8.98" in page.one("main").text
    assert page.one("address").text == "Ada 1 Road Flat 2 N1 London United Kingdom"
    assert "Tracking number: NM123" in page.one("main").text


def test_shipping_for_nothing_is_free(buyer, state):
    state.orders["order-1"] = order("order-1", shipping=Shipping(cost=money.to_wire(0)))
    assert "Shipping free" in buyer.get("/orders/order-1").text


def test_the_journey_tells_each_step_its_service_and_when(buyer, state):
    state.orders["order-1"] = order(
        "order-1",
        journey=[
            step("order.place", "orders", 0),
            step("payment.authorize", "payments", 0.25, "rejected", "The bank has declined the card."),
            step("stars.align", "astrology", 61.5, "shining"),
        ],
    )
    journey = buyer.get("/orders/order-1").page.one("ol", **{"class": "journey"})
    assert [item.text for item in journey.all("li")] == [
        "Write the order down orders +0.00 s",
        "Check the card, hold the amount payments rejected The bank has declined the card. +0.25 s",
        "stars.align astrology shining +61.50 s",
    ]


def test_the_page_of_an_order_that_is_worked_on_looks_again_until_told_not_to(buyer, state):
    state.orders["order-1"] = order("order-1", "PENDING")
    waiting = buyer.get("/orders/order-1")
    stop = waiting.page.one("a", href="?wait=no")["href"]
    assert [meta["content"] for meta in refresh(waiting)] == ["2"]
    assert not refresh(buyer.get(f"/orders/order-1{stop}"))


@pytest.mark.parametrize(
    ("state_name", "told", "can_cancel"),
    [
        ("PENDING", "We are still working on it", True),
        ("CONFIRMED", "It is paid and yours.", True),
        ("SHIPPED", "Your parcel is on its way.", False),
        ("CANCELLED", "The order is cancelled, and you keep your money.", False),
    ],
)
def test_the_state_is_told_in_plain_words(buyer, state, state_name, told, can_cancel):
    state.orders["order-1"] = order("order-1", state_name)
    answer = buyer.get("/orders/order-1")
    assert told in answer.text
    assert bool(answer.page.all("form", action="/orders/order-1/cancel")) is can_cancel
    assert bool(refresh(answer)) is (state_name == "PENDING")


def test_why_an_order_was_cancelled_is_told(buyer, state):
    state.orders["order-1"] = order("order-1", "CANCELLED", cancel_reason="CARD_DECLINED")
    assert "The bank declined this card." in buyer.get("/orders/order-1").text


def test_an_order_can_be_cancelled(buyer, state):
    state.orders["order-1"] = order("order-1")
    answer = buyer.send(buyer.get("/orders/order-1"), "/orders/order-1/cancel")
    assert answer.place == "/orders/order-1"
    assert "The order is cancelled. What was charged goes back to your card." in answer.text


def test_an_order_that_has_left_meanwhile_cannot_be_cancelled(buyer, state):
    state.orders["order-1"] = order("order-1")
    page = buyer.get("/orders/order-1")
    state.orders["order-1"] = order("order-1", "SHIPPED")
    assert "The parcel is on its way already" in buyer.send(page, "/orders/order-1/cancel").text


@pytest.mark.parametrize("order_id", ["no-such", "x" * 2000, "%00"])
def test_an_order_that_is_not_there_is_not_found(buyer, order_id):
    answer = buyer.get(f"/orders/{order_id}")
    assert answer.status == 404
    assert "You have no such order." in answer.text


def test_who_has_not_signed_in_is_asked_to_and_comes_back(visitor):
    assert visitor.get("/orders/order-1").place == "/sign-in?next=%2Forders%2Forder-1"
