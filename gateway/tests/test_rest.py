"""REST calls become gRPC calls of the public services, and the answers JSON."""

from __future__ import annotations

import pytest

from gateway.tests.client import Client, reason
from gateway.tests.grpc_backends import PICTURE
from gateway.tests.small_market import SmallMarket


def test_a_product_is_printed_in_lower_camel_case_with_its_empty_fields(client: Client) -> None:
    assert client.get("/api/v1/products/lamp").json() == {
        "id": "lamp",
        "name": "Lamp",
        "description": "",
        "category": "",
        "imageUrl": "",
        "price": {"currencyCode": "USD", "units": "12", "nanos": 500_000_000},
    }


def test_query_parameters_reach_the_service(client: Client, market: SmallMarket) -> None:
    client.get("/api/v1/products?query=paper+lamp&category=light&pageSize=2&pageToken=t")
    request = market.inboxes["catalog"].last.body
    assert (request.query, request.category) == ("paper lamp", "light")
    assert (request.page_size, request.page_token) == (2, "t")


def test_a_full_page_of_products_is_not_too_large(client: Client) -> None:
    page = client.get("/api/v1/products?pageSize=2000")
    assert len(page.content) > 256 * 1024
    assert len(page.json()["products"]) == 2000


def test_a_picture_is_sent_as_it_is(client: Client) -> None:
    picture = client.get("/api/v1/products/lamp/image")
    assert picture.headers["Content-Type"] == "image/svg+xml"
    assert picture.content == PICTURE


def test_stock_and_recommendations_come_from_services_of_their_own(client: Client) -> None:
    assert client.get("/api/v1/products/lamp/stock").json() == {"productId": "lamp", "available": 0}
    assert client.get("/api/v1/products/lamp/recommendations").json() == {"products": [], "model": "v1"}


def test_path_and_body_make_one_request(client: Client, market: SmallMarket) -> None:
    answer = client.put("/api/v1/cart/items/red%20lamp", json={"quantity": 3}, headers=market.signed_in())
    assert answer.status_code == 200
    request = market.inboxes["cart"].last.body
    assert (request.product_id, request.quantity) == ("red lamp", 3)


def test_an_order_carries_its_idempotency_key(client: Client, market: SmallMarket) -> None:
    headers = {**market.signed_in(), "Idempotency-Key": "once"}
    order = client.post("/api/v1/orders", json={"paymentToken": "tok_visa"}, headers=headers).json()
    assert (order["id"], order["state"]) == ("order-1", "PENDING")
    assert market.inboxes["orders"].last.headers["idempotency-key"] == "once"


def test_a_verb_after_a_colon_is_a_method_of_its_own(client: Client, market: SmallMarket) -> None:
    order = client.post("/api/v1/orders/order-7:cancel", json={}, headers=market.signed_in()).json()
    assert (order["id"], order["state"]) == ("order-7", "CANCELLED")


def test_an_unknown_verb_is_no_part_of_an_id(client: Client, market: SmallMarket) -> None:
    answer = client.get("/api/v1/orders/order-7:explode", headers=market.signed_in())
    assert (answer.status_code, reason(answer)) == (405, "METHOD_NOT_ALLOWED")


def test_an_error_of_a_service_arrives_whole(client: Client) -> None:
    answer = client.get("/api/v1/products/unknown")
    assert (answer.status_code, reason(answer)) == (404, "PRODUCT_NOT_FOUND")


@pytest.mark.parametrize("query", ["pagesize=2", "pageSize=two", "pageSize=99999999999", "query.x=1"])
def test_a_query_parameter_that_is_unknown_or_of_a_wrong_type_is_refused(client: Client, query: str) -> None:
    answer = client.get(f"/api/v1/products?{query}")
    assert (answer.status_code, reason(answer)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    "body", ["{", "[]", '"x"', '{"quantity": "two"}', '{"quantity": 1e30}', '{"productId": {}}']
)
def test_a_body_that_is_no_json_or_of_a_wrong_type_is_refused(
    client: Client, market: SmallMarket, body: str
) -> None:
    calls = len(market.inboxes["cart"].calls)
    answer = client.post("/api/v1/cart/items", data=body, headers=market.signed_in())
    assert (answer.status_code, reason(answer)) == (400, "BAD_REQUEST")
    assert len(market.inboxes["cart"].calls) == calls


def test_the_path_counts_where_the_body_contradicts_it(client: Client, market: SmallMarket) -> None:
    body = {"productId": "lantern", "quantity": 1}
    client.put("/api/v1/cart/items/lamp", json=body, headers=market.signed_in())
    assert market.inboxes["cart"].last.body.product_id == "lamp"


def test_an_unknown_field_in_a_body_is_left_out(client: Client, market: SmallMarket) -> None:
    body = {"productId": "lamp", "quantity": 1, "colour": "red"}
    answer = client.post("/api/v1/cart/items", json=body, headers=market.signed_in())
    assert answer.status_code == 200
    assert market.inboxes["cart"].last.body.product_id == "lamp"


def test_the_openapi_document_is_served(client: Client) -> None:
    answer = client.get("/openapi.json")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert isinstance(answer.json(), dict)


def test_the_gateway_itself_says_that_it_is_well(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.headers["Content-Type"], answer.json()) == (
        200,
        "application/json",
        {"status": "ok"},
    )


def test_the_storefront_says_whether_the_market_can_sell(client: Client, market: SmallMarket) -> None:
    assert client.get("/readyz").status_code == 200
    assert market.inboxes["storefront"].last.path == "/readyz"
