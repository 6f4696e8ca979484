"""Invalid input for every endpoint: the response is a 4xx with a reason, never a 5xx."""

import uuid
from typing import Any

import pytest
import requests

ORDER = {"shippingAddress": {"name": "A", "line1": "B", "city": "C", "postalCode": "D", "countryCode": "NL"}}
OPEN: list[tuple[str, str, Any]] = [
    ("GET", "/api/v1/products?pageSize=-1", None),
    ("GET", "/api/v1/products?pageSize=99999999999999", None),
    ("GET", "/api/v1/products?pageSize=many", None),
    ("GET", "/api/v1/products?pageToken=%00", None),
    ("GET", "/api/v1/products?query=" + "x" * 5000, None),
    ("GET", "/api/v1/products?color=red", None),
    ("GET", "/api/v1/products/no-such", None),
    ("GET", "/api/v1/products/no-such/stock", None),
    ("GET", "/api/v1/products/no-such/image", None),
    ("GET", "/api/v1/products/moon-jar/recommendations?pageSize=1000", None),
    ("GET", "/api/v1/no-such", None),
    ("DELETE", "/api/v1/products", None),
    ("POST", "/api/v1/accounts", {}),
    ("POST", "/api/v1/accounts", []),
    ("POST", "/api/v1/accounts", {"email": 1, "password": [], "name": {}}),
    ("POST", "/api/v1/accounts", {"email": "a@example.com", "password": "x" * 100_000, "name": "A"}),
    ("POST", "/api/v1/accounts", {"email": "no-address", "password": "long enough password", "name": "A"}),
    ("POST", "/api/v1/sessions", {"email": "unknown@example.com", "password": "long enough password"}),
    ("POST", "/api/v1/sessions", {"email": None}),
]
SIGNED_IN: list[tuple[str, str, Any]] = [
    ("POST", "/api/v1/cart/items", {"productId": "no-such", "quantity": 1}),
    ("POST", "/api/v1/cart/items", {"productId": "moon-jar", "quantity": 0}),
    ("POST", "/api/v1/cart/items", {"productId": "moon-jar", "quantity": -1}),
    ("POST", "/api/v1/cart/items", {"productId": "moon-jar", "quantity": 2**40}),
    ("POST", "/api/v1/cart/items", {"productId": "moon-jar", "quantity": "lots"}),
    ("POST", "/api/v1/cart/items", {"productId": {"a": 1}, "quantity": 1}),
    ("POST", "/api/v1/cart/items", "not an object"),
    ("PUT", "/api/v1/cart/items/moon-jar", {"quantity": -5}),
    ("PUT", "/api/v1/cart/items/no-such", {"quantity": 5}),
    ("POST", "/api/v1/orders", {}),
    ("POST", "/api/v1/orders", ORDER | {"paymentToken": ""}),
    ("POST", "/api/v1/orders", ORDER | {"paymentToken": "\0"}),
    ("POST", "/api/v1/orders", {"shippingAddress": {"name": "x" * 10_000}, "paymentToken": "tok_visa"}),
    ("POST", "/api/v1/orders", {"shippingAddress": "here", "paymentToken": "tok_visa"}),
    ("GET", "/api/v1/orders?pageSize=-1", None),
    ("GET", "/api/v1/orders?pageToken=nonsense", None),
    ("GET", "/api/v1/orders/no-such", None),
    ("GET", f"/api/v1/orders/{uuid.UUID(int=1)}", None),
    ("POST", "/api/v1/orders/no-such:cancel", {}),
]
PRIVATE = [
    ("GET", "/api/v1/cart"),
    ("POST", "/api/v1/cart/items"),
    ("PUT", "/api/v1/cart/items/moon-jar"),
    ("DELETE", "/api/v1/cart/items/moon-jar"),
    ("POST", "/api/v1/orders"),
    ("GET", "/api/v1/orders"),
    ("GET", "/api/v1/orders/1"),
    ("POST", "/api/v1/orders/1:cancel"),
]


def assert_client_error_with_reason(answer):
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.text)
    status = answer.json()
    assert status["message"]
    assert status["details"][0]["reason"], status


@pytest.mark.parametrize(("method", "path", "body"), OPEN)
def test_invalid_public_requests_are_rejected_with_a_reason(stack_url, method, path, body):
    assert_client_error_with_reason(requests.request(method, stack_url + path, json=body, timeout=30))


@pytest.mark.parametrize(("method", "path", "body"), SIGNED_IN)
def test_invalid_requests_of_a_customer_are_rejected_with_a_reason(shared_customer, method, path, body):
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    assert_client_error_with_reason(shared_customer.call(method, path, json=body, headers=headers))


@pytest.fixture(scope="module")
def shared_customer(new_customer):
    return new_customer()


@pytest.mark.parametrize(("method", "path"), PRIVATE)
@pytest.mark.parametrize("token", [None, "nonsense", "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0."])
def test_private_endpoints_reject_an_invalid_token(stack_url, method, path, token):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = requests.request(method, stack_url + path, json={}, headers=headers, timeout=30)
    assert answer.status_code == 401
    assert_client_error_with_reason(answer)


def test_a_forged_identity_header_is_ignored(stack_url):
    answer = requests.get(f"{stack_url}/api/v1/cart", headers={"x-account-id": "1"}, timeout=30)
    assert answer.status_code == 401


def test_an_order_without_an_idempotency_key_is_rejected(shared_customer):
    answer = shared_customer.call("POST", "/api/v1/orders", json=ORDER | {"paymentToken": "tok_visa"})
    assert answer.status_code == 400
    assert answer.json()["details"][0]["reason"] == "IDEMPOTENCY_KEY_MISSING"


def test_another_customer_s_order_is_not_found(new_customer, in_stock):
    buyer, other = new_customer(), new_customer()
    buyer.fill_cart(in_stock[0])
    order = buyer.buy().json()
    answer = other.call("GET", f"/api/v1/orders/{order['id']}")
    assert (answer.status_code, answer.json()["details"][0]["reason"]) == (404, "ORDER_NOT_FOUND")
    assert other.call("POST", f"/api/v1/orders/{order['id']}:cancel", json={}).status_code == 404
