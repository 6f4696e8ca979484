"""REST calls are transcoded to gRPC calls of the public services, and their responses to JSON."""

from __future__ import annotations

import pytest

from gateway.tests.client import Client, reason
from gateway.tests.fake_upstreams import FakeUpstreams
from gateway.tests.grpc_backends import IMAGE


def test_a_product_is_printed_in_lower_camel_case_with_its_empty_fields(client: Client) -> None:
    assert client.get("/api/v1/products/lamp").json() == {
        "id": "lamp",
        "name": "Lamp",
        "description": "",
        "category": "",
        "imageUrl": "",
        "price": {"currencyCode": "USD", "units": "12", "nanos": 500_000_000},
    }


def test_query_parameters_reach_the_service(client: Client, upstreams: FakeUpstreams) -> None:
    client.get("/api/v1/products?query=paper+lamp&category=light&pageSize=2&pageToken=t")
    request = upstreams.logs["catalog"].last.body
    assert (request.query, request.category) == ("paper lamp", "light")
    assert (request.page_size, request.page_token) == (2, "t")


def test_a_full_page_of_products_is_not_too_large(client: Client) -> None:
    page = client.get("/api/v1/products?pageSize=2000")
    assert len(page.content) > 256 * 1024
    assert len(page.json()["products"]) == 2000


def test_an_image_is_sent_unchanged(client: Client) -> None:
    picture = client.get("/api/v1/products/lamp/image")
    assert picture.headers["Content-Type"] == "image/svg+xml"
    assert picture.content == IMAGE


def test_stock_and_recommendations_come_from_separate_services(client: Client) -> None:
    assert client.get("/api/v1/products/lamp/stock").json() == {"productId": "lamp", "available": 0}
    assert client.get("/api/v1/products/lamp/recommendations").json() == {"products": [], "model": "v1"}


def test_path_and_body_are_merged_into_one_request(client: Client, upstreams: FakeUpstreams) -> None:
    answer = client.put("/api/v1/cart/items/red%20lamp", json={"quantity": 3}, headers=upstreams.signed_in())
    assert answer.status_code == 200
    request = upstreams.logs["cart"].last.body
    assert (request.product_id, request.quantity) == ("red lamp", 3)


def test_an_order_carries_its_idempotency_key(client: Client, upstreams: FakeUpstreams) -> None:
    headers = {**upstreams.signed_in(), "Idempotency-Key": "once"}
    order = client.post("/api/v1/orders", json={"paymentToken": "tok_visa"}, headers=headers).json()
    assert (order["id"], order["state"]) == ("order-1", "PENDING")
    assert upstreams.logs["orders"].last.headers["idempotency-key"] == "once"


def test_a_custom_verb_is_a_separate_method(client: Client, upstreams: FakeUpstreams) -> None:
    order = client.post("/api/v1/orders/order-7:cancel", json={}, headers=upstreams.signed_in()).json()
    assert (order["id"], order["state"]) == ("order-7", "CANCELLED")


def test_an_unknown_custom_verb_is_not_part_of_the_id(client: Client, upstreams: FakeUpstreams) -> None:
    answer = client.get("/api/v1/orders/order-7:explode", headers=upstreams.signed_in())
    assert (answer.status_code, reason(answer)) == (405, "METHOD_NOT_ALLOWED")


def test_an_error_of_a_service_reaches_the_client_complete(client: Client) -> None:
    answer = client.get("/api/v1/products/unknown")
    assert (answer.status_code, reason(answer)) == (404, "PRODUCT_NOT_FOUND")


@pytest.mark.parametrize("query", ["pagesize=2", "pageSize=two", "pageSize=99999999999", "query.x=1"])
def test_a_query_parameter_that_is_unknown_or_has_a_wrong_type_is_rejected(
    client: Client, query: str
) -> None:
    answer = client.get(f"/api/v1/products?{query}")
    assert (answer.status_code, reason(answer)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    "body", ["{", "[]", '"x"', '{"quantity": "two"}', '{"quantity": 1e30}', '{"productId": {}}']
)
def test_a_body_that_is_not_json_or_has_a_wrong_type_is_rejected(
    client: Client, upstreams: FakeUpstreams, body: str
) -> None:
    calls = len(upstreams.logs["cart"].calls)
    answer = client.post("/api/v1/cart/items", data=body, headers=upstreams.signed_in())
    assert (answer.status_code, reason(answer)) == (400, "BAD_REQUEST")
    assert len(upstreams.logs["cart"].calls) == calls


def test_the_path_takes_precedence_over_the_body(client: Client, upstreams: FakeUpstreams) -> None:
    body = {"productId": "lantern", "quantity": 1}
    client.put("/api/v1/cart/items/lamp", json=body, headers=upstreams.signed_in())
    assert upstreams.logs["cart"].last.body.product_id == "lamp"


def test_an_unknown_field_in_a_body_is_ignored(client: Client, upstreams: FakeUpstreams) -> None:
    body = {"productId": "lamp", "quantity": 1, "color": "red"}
    answer = client.post("/api/v1/cart/items", json=body, headers=upstreams.signed_in())
    assert answer.status_code == 200
    assert upstreams.logs["cart"].last.body.product_id == "lamp"


def test_the_openapi_document_is_served(client: Client) -> None:
    answer = client.get("/openapi.json")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert isinstance(answer.json(), dict)


def test_the_gateway_answers_its_own_health_check(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.headers["Content-Type"], answer.json()) == (
        200,
        "application/json",
        {"status": "ok"},
    )


def test_the_storefront_answers_the_readiness_check(client: Client, upstreams: FakeUpstreams) -> None:
    assert client.get("/readyz").status_code == 200
    assert upstreams.logs["storefront"].last.path == "/readyz"
