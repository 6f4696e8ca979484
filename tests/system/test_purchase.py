"""Purchases through the API."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.support.waiting import wait_until
from tools.audit import read
from tools.audit.snapshot import CAPTURE


def reason(answer):
    return answer.json()["details"][0]["reason"]


def available_units(stack_url, product_id):
    return requests.get(f"{stack_url}/api/v1/products/{product_id}/stock", timeout=30).json()["available"]


def test_the_stack_is_healthy_and_ready(stack_url):
    assert requests.get(f"{stack_url}/readyz", timeout=30).status_code == 200
    assert requests.get(f"{stack_url}/healthz", timeout=30).status_code == 200


def test_a_purchase_is_confirmed_and_shows_its_journey(customer, in_stock):
    customer.fill_cart(in_stock[0], 2)
    answer = customer.buy()
    assert answer.status_code == 200, answer.text
    order = answer.json()
    assert order["state"] == "CONFIRMED"
    assert order["lines"][0]["quantity"] == 2
    steps = [(step["step"], step["service"], step["outcome"]) for step in order["journey"]]
    assert ("stock.reserve", "inventory", "done") in steps
    assert ("payment.capture", "payments", "done") in steps
    assert customer.call("GET", f"/api/v1/orders/{order['id']}").json()["id"] == order["id"]


def test_a_purchase_reduces_the_stock_and_empties_the_cart(stack_url, customer, in_stock):
    before = available_units(stack_url, in_stock[1])
    customer.fill_cart(in_stock[1], 3)
    assert customer.buy().json()["state"] == "CONFIRMED"
    assert available_units(stack_url, in_stock[1]) == before - 3
    assert customer.call("GET", "/api/v1/cart").json()["items"] == []


def test_a_repeated_request_returns_the_same_order(customer, in_stock):
    customer.fill_cart(in_stock[2])
    key = str(uuid.uuid4())
    first, again = customer.buy(key=key), customer.buy(key=key)
    assert first.json() == again.json()
    assert len(customer.call("GET", "/api/v1/orders").json()["orders"]) == 1


def test_an_idempotency_key_of_another_request_is_rejected(customer, in_stock):
    customer.fill_cart(in_stock[4])
    key = str(uuid.uuid4())
    customer.buy(key=key)
    answer = customer.buy(key=key, city="Paris")
    assert (answer.status_code, reason(answer)) == (409, "IDEMPOTENCY_KEY_REUSED")


@pytest.mark.parametrize(
    ("token", "expected"),
    [("tok_declined", "CARD_DECLINED"), ("tok_insufficient_funds", "INSUFFICIENT_FUNDS")],
)
def test_a_declined_card_costs_nothing_and_releases_the_stock(stack_url, customer, in_stock, token, expected):
    before = available_units(stack_url, in_stock[5])
    customer.fill_cart(in_stock[5])
    answer = customer.buy(token)
    assert (answer.status_code, reason(answer)) == (400, expected)
    assert available_units(stack_url, in_stock[5]) == before
    assert customer.call("GET", "/api/v1/cart").json()["items"] != []


def test_more_than_the_available_units_cannot_be_bought(stack_url, customer, products):
    scarce = next(p["id"] for p in products if 0 < available_units(stack_url, p["id"]) < 50)
    customer.fill_cart(scarce, available_units(stack_url, scarce) + 1)
    answer = customer.buy()
    assert (answer.status_code, reason(answer)) == (400, "SOLD_OUT")


def test_an_empty_cart_cannot_be_bought(customer):
    answer = customer.buy()
    assert (answer.status_code, reason(answer)) == (400, "CART_EMPTY")


def test_a_charge_with_a_lost_answer_is_found_and_not_repeated(customer, in_stock):
    customer.fill_cart(in_stock[6])
    order = customer.buy("tok_lost_answer").json()

    def state():
        return customer.call("GET", f"/api/v1/orders/{order['id']}").json()["state"]

    wait_until(lambda: state() in ("CONFIRMED", "SHIPPED"), timeout=60, what="the order is confirmed")


def test_an_order_can_be_canceled_before_it_is_shipped(stack_url, customer, in_stock):
    before = available_units(stack_url, in_stock[7])
    customer.fill_cart(in_stock[7])
    order = customer.buy().json()
    answer = customer.call("POST", f"/api/v1/orders/{order['id']}:cancel", json={})
    assert (answer.status_code, answer.json()["state"]) == (200, "CANCELLED"), answer.text
    assert available_units(stack_url, in_stock[7]) == before
    assert (
        customer.call("POST", f"/api/v1/orders/{order['id']}:cancel", json={}).json()["state"] == "CANCELLED"
    )


def test_orders_are_listed_newest_first_in_pages(customer, in_stock):
    placed = []
    for _ in range(3):
        customer.fill_cart(in_stock[8])
        placed.append(customer.buy().json()["id"])
    first = customer.call("GET", "/api/v1/orders?pageSize=2").json()
    rest = customer.call("GET", f"/api/v1/orders?pageSize=2&pageToken={first['nextPageToken']}").json()
    assert [order["id"] for order in first["orders"] + rest["orders"]] == placed[::-1]
    assert rest["nextPageToken"] == ""


def cents(money):
    return int(money["units"]) * 100 + money["nanos"] // 10_000_000


def test_200_purchases_by_20_customers_succeed_and_stock_orders_and_bank_agree(
    stack_url, stores, new_customer, in_stock
):
    wanted = in_stock[10:14]
    before = sum(available_units(stack_url, product) for product in wanted)
    buyers = [new_customer() for _ in range(20)]

    def buy_ten(buyer):
        orders = []
        for number in range(10):
            buyer.fill_cart(wanted[number % len(wanted)])
            orders.append(buyer.buy().json())
        return orders

    with ThreadPoolExecutor(20) as pool:
        orders = [order for bought in pool.map(buy_ten, buyers) for order in bought]
    assert [order.get("state") for order in orders] == ["CONFIRMED"] * 200
    assert before - sum(available_units(stack_url, product) for product in wanted) == 200
    snapshot = read(stores)
    assert {order["id"]: snapshot.ledger(order["id"]).amounts(CAPTURE) for order in orders} == {
        order["id"]: [cents(order["total"])] for order in orders
    }
