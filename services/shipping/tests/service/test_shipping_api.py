import pytest

from chassis import money
from chassis.errors import Invalid, NotFound
from nightmarket.shipping.v1 import shipping_pb2 as wire
from nightmarket.shipping.v1.shipping_pb2_grpc import ShippingServiceStub
from shipping.__main__ import build_service
from shipping.config import Config
from tests.support.services import channel, started


@pytest.fixture(scope="module")
def shipping(service_database, nats_url, free_port):
    config = Config(
        database_url=service_database("shipping"), nats_url=nats_url, port=free_port(), admin_port=free_port()
    )
    with started(build_service, config), channel(f"127.0.0.1:{config.port}") as opened:
        yield ShippingServiceStub(opened)


def request(**changes):
    fields = {"country_code": "NL", "quantity": 2, "subtotal": money.to_wire(2000)}
    return wire.GetQuoteRequest(**{**fields, **changes})


def test_a_quote_is_an_amount_of_money(shipping):
    assert money.from_wire(shipping.GetQuote(request()).cost) == 445


def test_an_order_of_high_value_ships_free(shipping):
    assert money.from_wire(shipping.GetQuote(request(subtotal=money.to_wire(10**12))).cost) == 0


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"country_code": ""}, "COUNTRY_INVALID"),
        ({"country_code": "nl"}, "COUNTRY_INVALID"),
        ({"country_code": "XX"}, "COUNTRY_INVALID"),
        ({"country_code": "N\0"}, "COUNTRY_INVALID"),
        ({"quantity": 0}, "QUANTITY_INVALID"),
        ({"quantity": -1}, "QUANTITY_INVALID"),
        ({"quantity": 2**31 - 1}, "QUANTITY_INVALID"),
        ({"subtotal": None}, "AMOUNT_INVALID"),
        ({"subtotal": money.to_wire(-1)}, "AMOUNT_INVALID"),
        ({"subtotal": {"currency_code": "EUR", "units": 1}}, "AMOUNT_INVALID"),
        ({"subtotal": {"currency_code": "USD", "nanos": 1}}, "AMOUNT_INVALID"),
        ({"subtotal": {"currency_code": "USD", "units": -(2**63)}}, "AMOUNT_INVALID"),
    ],
)
def test_an_invalid_quote_is_rejected_with_a_reason(shipping, changes, reason):
    with pytest.raises(Invalid) as error:
        shipping.GetQuote(request(**changes))
    assert error.value.reason == reason


def test_an_unknown_order_has_no_shipment(shipping):
    with pytest.raises(NotFound) as error:
        shipping.GetShipment(wire.GetShipmentRequest(order_id="no-such"))
    assert error.value.reason == "SHIPMENT_NOT_FOUND"


@pytest.mark.parametrize("order_id", ["", "no-such\0", "x" * 10_000])
def test_an_invalid_order_id_is_rejected_with_a_reason(shipping, order_id):
    for call, message in (
        (shipping.GetShipment, wire.GetShipmentRequest),
        (shipping.CancelShipment, wire.CancelShipmentRequest),
    ):
        with pytest.raises(Invalid) as error:
            call(message(order_id=order_id))
        assert error.value.reason == "ORDER_ID_INVALID"


def test_an_unknown_order_can_be_canceled_twice(shipping):
    never_confirmed = wire.CancelShipmentRequest(order_id="never-confirmed")
    first = shipping.CancelShipment(never_confirmed)
    assert first.state == wire.Shipment.CANCELLED
    assert shipping.CancelShipment(never_confirmed) == first
