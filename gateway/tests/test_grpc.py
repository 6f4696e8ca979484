"""The gateway accepts gRPC and gRPC-Web on the same port, for the public services only."""

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
from gateway.tests.fake_upstreams import FakeUpstreams
from gateway.tests.http_rules import services
from nightmarket.catalog.v1 import catalog_pb2, catalog_pb2_grpc
from nightmarket.inventory.v1 import inventory_pb2, inventory_pb2_grpc
from nightmarket.orders.v1 import orders_pb2, orders_pb2_grpc

GET_PRODUCT = "/nightmarket.catalog.v1.CatalogService/GetProduct"


def framed(message: bytes) -> bytes:
    """Return a message with its gRPC length prefix."""
    return b"\0" + len(message).to_bytes(4, "big") + message


def test_a_grpc_client_gets_a_product(channel: grpc.Channel) -> None:
    catalog = catalog_pb2_grpc.CatalogServiceStub(channel)
    assert catalog.GetProduct(catalog_pb2.GetProductRequest(id="lamp")).name == "Lamp"


def test_a_grpc_client_gets_the_details_of_an_error(channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as error:
        catalog_pb2_grpc.CatalogServiceStub(channel).GetProduct(catalog_pb2.GetProductRequest(id="unknown"))
    status = rpc_status.from_call(cast(grpc.Call, error.value))
    assert status is not None
    info = ErrorInfo()
    assert status.details[0].Unpack(info)
    assert info.reason == "PRODUCT_NOT_FOUND"


def test_a_grpc_client_places_an_order_with_its_token(
    channel: grpc.Channel, upstreams: FakeUpstreams
) -> None:
    metadata = [("authorization", f"Bearer {upstreams.key.token('grpc-buyer')}"), ("idempotency-key", "k")]
    orders = orders_pb2_grpc.OrdersServiceStub(channel)
    assert orders.PlaceOrder(orders_pb2.PlaceOrderRequest(), metadata=metadata).id == "order-1"
    assert upstreams.logs["orders"].last.headers["x-account-id"] == "grpc-buyer"


def test_an_internal_service_is_hidden_from_grpc_clients(
    channel: grpc.Channel, upstreams: FakeUpstreams
) -> None:
    calls = len(upstreams.logs["inventory"].calls)
    with pytest.raises(grpc.RpcError) as error:
        inventory_pb2_grpc.ReservationServiceStub(channel).Reserve(inventory_pb2.ReserveRequest(order_id="o"))
    assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert len(upstreams.logs["inventory"].calls) == calls


def test_the_health_of_the_services_is_not_public(channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as error:
        channel.unary_unary("/grpc.health.v1.Health/Check", bytes, bytes)(b"")
    assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_a_message_over_64_kib_is_rejected(channel: grpc.Channel) -> None:
    catalog = catalog_pb2_grpc.CatalogServiceStub(channel)
    with pytest.raises(grpc.RpcError) as error:
        catalog.GetProduct(catalog_pb2.GetProductRequest(id="x" * 70_000))
    assert error.value.details() == "Payload Too Large"


@pytest.mark.parametrize("suffix", ["", "+proto"])
def test_a_grpc_web_client_gets_a_product(edge: Edge, suffix: str) -> None:
    request = framed(catalog_pb2.GetProductRequest(id="lamp").SerializeToString())
    headers = {"Content-Type": f"application/grpc-web{suffix}", "X-Grpc-Web": "1"}
    status, body = raw(edge, "POST", GET_PRODUCT, request, headers)
    length = int.from_bytes(body[1:5], "big")
    assert (status, catalog_pb2.Product.FromString(body[5 : 5 + length]).name) == (200, "Lamp")
    trailers = body[5 + length :]
    assert (trailers[0], trailers[5:].split(b"\r\n")[0]) == (0x80, b"grpc-status:0")


def test_a_grpc_web_client_may_use_base64(edge: Edge) -> None:
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
def test_an_internal_service_is_hidden_from_every_protocol(
    edge: Edge, upstreams: FakeUpstreams, service: str, content_type: str
) -> None:
    calls = upstreams.calls()
    raw(edge, "POST", f"/{service}/Anything", framed(b""), {"Content-Type": content_type})
    assert upstreams.calls() == calls


def test_plain_json_does_not_reach_a_grpc_path(edge: Edge, upstreams: FakeUpstreams) -> None:
    calls = len(upstreams.logs["catalog"].calls)
    assert raw(edge, "POST", GET_PRODUCT, b"{}", {"Content-Type": "application/json"})[0] == 404
    assert len(upstreams.logs["catalog"].calls) == calls


def test_exactly_the_public_services_are_transcoded(tmp_path: Path) -> None:
    transcoded = http_filter(local_copy(tmp_path, {}), "grpc_json_transcoder")["services"]
    assert sorted(transcoded) == sorted(name for name, public in services().items() if public)
