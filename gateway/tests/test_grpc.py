"""The same port takes gRPC and gRPC-Web, of the public services only."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import cast

import grpc
import pytest
from google.rpc.error_details_pb2 import ErrorInfo
from grpc_status import rpc_status

from gateway.tests.client import raw
from gateway.tests.edge import Edge, http_filter, local_copy
from gateway.tests.http_rules import services
from gateway.tests.small_market import SmallMarket
from nightmarket.catalog.v1 import catalog_pb2, catalog_pb2_grpc
from nightmarket.inventory.v1 import inventory_pb2, inventory_pb2_grpc
from nightmarket.orders.v1 import orders_pb2, orders_pb2_grpc

GET_PRODUCT = "/nightmarket.catalog.v1.CatalogService/GetProduct"


def framed(message: bytes) -> bytes:
    """A message as it travels in a gRPC body."""
    return b"\0" + len(message).to_bytes(4, "big") + message


def test_a_grpc_client_gets_a_product(channel: grpc.Channel) -> None:
    catalog = catalog_pb2_grpc.CatalogServiceStub(channel)
    assert catalog.GetProduct(catalog_pb2.GetProductRequest(id="lamp")).name == "Lamp"


def test_a_grpc_client_gets_the_details_of_an_error(channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        catalog_pb2_grpc.CatalogServiceStub(channel).GetProduct(catalog_pb2.GetProductRequest(id="unknown"))
    status = rpc_status.from_call(cast(grpc.Call, refused.value))
    assert status is not None
    info = ErrorInfo()
    assert status.details[0].Unpack(info)
    assert info.reason == "PRODUCT_NOT_FOUND"


def test_a_grpc_client_places_an_order_with_its_token(channel: grpc.Channel, market: SmallMarket) -> None:
    metadata = [("authorization", f"Bearer {market.key.token('grpc-buyer')}"), ("idempotency-key", "k")]
    orders = orders_pb2_grpc.OrdersServiceStub(channel)
    assert orders.PlaceOrder(orders_pb2.PlaceOrderRequest(), metadata=metadata).id == "order-1"
    assert market.inboxes["orders"].last.headers["x-account-id"] == "grpc-buyer"


def test_an_internal_service_is_not_there_for_grpc_clients(
    channel: grpc.Channel, market: SmallMarket
) -> None:
    calls = len(market.inboxes["inventory"].calls)
    with pytest.raises(grpc.RpcError) as refused:
        inventory_pb2_grpc.ReservationServiceStub(channel).Reserve(inventory_pb2.ReserveRequest(order_id="o"))
    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert len(market.inboxes["inventory"].calls) == calls


def test_the_health_of_the_services_is_not_public(channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        channel.unary_unary("/grpc.health.v1.Health/Check", bytes, bytes)(b"")
    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_a_message_of_more_than_64_kib_is_refused(channel: grpc.Channel) -> None:
    catalog = catalog_pb2_grpc.CatalogServiceStub(channel)
    with pytest.raises(grpc.RpcError) as refused:
        catalog.GetProduct(catalog_pb2.GetProductRequest(id="x" * 70_000))
    assert refused.value.details() == "Payload Too Large"


@pytest.mark.parametrize("suffix", ["", "+proto"])
def test_a_grpc_web_client_gets_a_product(edge: Edge, suffix: str) -> None:
    request = framed(catalog_pb2.GetProductRequest(id="lamp").SerializeToString())
    headers = {"Content-Type": f"application/grpc-web{suffix}", "X-Grpc-Web": "1"}
    status, body = raw(edge, "POST", GET_PRODUCT, request, headers)
    length = int.from_bytes(body[1:5], "big")
    assert (status, catalog_pb2.Product.FromString(body[5 : 5 + length]).name) == (200, "Lamp")
    trailers = body[5 + length :]
    assert (trailers[0], trailers[5:].split(b"\r\n")[0]) == (0x80, b"grpc-status:0")


def test_a_grpc_web_client_may_speak_base64(edge: Edge) -> None:
    request = base64.b64encode(framed(catalog_pb2.GetProductRequest(id="lamp").SerializeToString()))
    headers = {"Content-Type": "application/grpc-web-text", "Accept": "application/grpc-web-text"}
    _, body = raw(edge, "POST", GET_PRODUCT, request, headers)
    assert b"Lamp" in base64.b64decode(body[: len(body) // 4 * 4])


def test_a_grpc_web_client_without_a_token_has_no_cart(edge: Edge) -> None:
    headers = {"Content-Type": "application/grpc-web+proto"}
    status, _ = raw(edge, "POST", "/nightmarket.cart.v1.CartService/GetCart", framed(b""), headers)
    assert status == 401


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/grpc", "application/grpc-web+proto"]
)
@pytest.mark.parametrize("service", [name for name, public in services().items() if not public])
def test_an_internal_service_is_not_there_in_any_form(
    edge: Edge, market: SmallMarket, service: str, content_type: str
) -> None:
    calls = market.calls()
    raw(edge, "POST", f"/{service}/Anything", framed(b""), {"Content-Type": content_type})
    assert market.calls() == calls


def test_plain_json_does_not_reach_a_grpc_path(edge: Edge, market: SmallMarket) -> None:
    calls = len(market.inboxes["catalog"].calls)
    assert raw(edge, "POST", GET_PRODUCT, b"{}", {"Content-Type": "application/json"})[0] == 404
    assert len(market.inboxes["catalog"].calls) == calls


def test_every_public_service_is_transcoded_and_no_other(tmp_path: Path) -> None:
    transcoded = http_filter(local_copy(tmp_path, {}), "grpc_json_transcoder")["services"]
    assert sorted(transcoded) == sorted(name for name, public in services().items() if public)
