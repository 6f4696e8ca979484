"""Repeated and concurrent requests: one order, and the same response for each."""

import json
import uuid

import pytest
import requests

from tests.system.concurrency import rejection, run_concurrently

COMPARED = ("id", "state", "lines", "total", "journey")


def available_units(stack_url, product_id):
    return requests.get(f"{stack_url}/api/v1/products/{product_id}/stock", timeout=30).json()["available"]


def buy_fifty_times(customer, card):
    key = str(uuid.uuid4())
    return run_concurrently(lambda _: customer.buy(card, key), range(50))


def distinct(answers):
    """Return the distinct responses, reduced to the compared fields."""
    return {json.dumps([answer.json()[name] for name in COMPARED]) for answer in answers}


@pytest.mark.parametrize("card", ["tok_visa", "tok_slow"])
def test_fifty_equal_concurrent_requests_create_one_order_and_get_equal_responses(
    customer, in_stock, ledger, card
):
    customer.fill_cart(in_stock[3], 2)
    answers = buy_fifty_times(customer, card)
    assert [answer.status_code for answer in answers] == [200] * 50
    assert len(distinct(answers)) == 1
    order = answers[0].json()
    assert order["state"] == "CONFIRMED"
    assert ledger.operations(order["id"]) == ["authorize", "capture"]
    assert len(customer.call("GET", "/api/v1/orders").json()["orders"]) == 1


def test_fifty_equal_requests_with_a_declined_card_get_equal_errors_of_one_order(customer, in_stock, ledger):
    customer.fill_cart(in_stock[3])
    answers = buy_fifty_times(customer, "tok_declined")
    assert [answer.status_code for answer in answers] == [400] * 50
    assert len({answer.text for answer in answers}) == 1
    reason, metadata = rejection(answers[0])
    assert reason == "CARD_DECLINED"
    assert ledger.operations(metadata["orderId"]) == []
    assert len(customer.call("GET", "/api/v1/orders").json()["orders"]) == 1


def test_if_two_requests_race_with_one_key_one_creates_an_order_and_the_other_is_rejected(customer, in_stock):
    customer.fill_cart(in_stock[4])
    key = str(uuid.uuid4())
    cities = ["London", "Paris"] * 20
    answers = run_concurrently(lambda city: (city, customer.buy(key=key, city=city)), cities)
    bought = [(city, answer.json()) for city, answer in answers if answer.status_code == 200]
    rejected = [(city, rejection(answer)[0]) for city, answer in answers if answer.status_code == 409]
    ((winner, order_id),) = {(city, order["id"]) for city, order in bought}
    assert bought[0][1]["shipping"]["address"]["city"] == winner
    assert len(bought) == len(rejected) == 20
    assert {(city == winner, reason) for city, reason in rejected} == {(False, "IDEMPOTENCY_KEY_REUSED")}
    assert [order["id"] for order in customer.call("GET", "/api/v1/orders").json()["orders"]] == [order_id]


def test_two_accounts_with_the_same_key_get_an_order_each(new_customer, in_stock):
    buyers, key = [new_customer(), new_customer()], str(uuid.uuid4())
    for buyer in buyers:
        buyer.fill_cart(in_stock[4])
    orders = [answer.json() for answer in run_concurrently(lambda buyer: buyer.buy(key=key), buyers)]
    assert {order["state"] for order in orders} == {"CONFIRMED"}
    assert orders[0]["id"] != orders[1]["id"]


def test_concurrent_changes_of_one_cart_are_all_applied(customer, in_stock):
    run_concurrently(lambda tab: customer.fill_cart(in_stock[tab % 2]), range(20))
    items = customer.call("GET", "/api/v1/cart").json()["items"]
    assert {item["productId"]: item["quantity"] for item in items} == dict.fromkeys(in_stock[:2], 10)


def test_two_concurrent_orders_of_one_cart_get_an_order_each_or_an_empty_cart(
    stack_url, customer, in_stock, ledger
):
    customer.fill_cart(in_stock[6], 2)
    before = available_units(stack_url, in_stock[6])
    answers = run_concurrently(lambda _: customer.buy(), range(2))
    bought = [answer.json() for answer in answers if answer.status_code == 200]
    late = [rejection(answer)[0] for answer in answers if answer.status_code == 400]
    assert len(bought) >= 1
    assert len(bought) + late.count("CART_EMPTY") == 2
    assert [order["state"] for order in bought] == ["CONFIRMED"] * len(bought)
    assert [order["lines"][0]["quantity"] for order in bought] == [2] * len(bought)
    assert [ledger.operations(order["id"]) for order in bought] == [["authorize", "capture"]] * len(bought)
    assert available_units(stack_url, in_stock[6]) == before - 2 * len(bought)
    assert customer.call("GET", "/api/v1/cart").json()["items"] == []
