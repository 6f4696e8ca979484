import grpc
import pytest

from chassis.errors import TREE, AppError, Unavailable
from chassis.grpc_client import to_error
from chassis.grpc_server import to_status


class FakeRpcError(grpc.RpcError):
    """The error that a gRPC client raises."""

    def __init__(self, code, details, trailers):
        self._status = (code, details, trailers)

    def code(self):
        return self._status[0]

    def details(self):
        return self._status[1]

    def trailing_metadata(self):
        return self._status[2]


def received(error):
    """Return the error that a client receives if a server raises `error`."""
    status = to_status(error)
    return FakeRpcError(status.code, status.details, status.trailing_metadata)


@pytest.mark.parametrize("kind", TREE)
def test_an_error_arrives_as_it_was_sent(kind):
    error = kind("SOLD_OUT", "Épuisé: 茶.", {"product": "tea"})
    arrived = to_error(received(error), "inventory")
    assert type(arrived) is kind
    assert (arrived.reason, arrived.message) == (error.reason, error.message)
    assert arrived.metadata == error.metadata


def test_an_internal_error_of_an_upstream_is_an_outage():
    arrived = to_error(received(AppError("INTERNAL", "It failed.")), "inventory")
    assert isinstance(arrived, Unavailable)
    assert arrived.reason == "UPSTREAM_UNAVAILABLE"
    assert arrived.metadata == {"service": "inventory", "code": "INTERNAL"}


@pytest.mark.parametrize("trailers", [None, (), (("other", "x"),)])
def test_a_status_without_details_is_an_outage_of_the_upstream(trailers):
    arrived = to_error(FakeRpcError(grpc.StatusCode.NOT_FOUND, "", trailers), "inventory")
    assert arrived.reason == "UPSTREAM_UNAVAILABLE"


def test_malformed_details_are_an_outage_of_the_upstream():
    trailers = (("grpc-status-details-bin", b"\xff\xff"),)
    arrived = to_error(FakeRpcError(grpc.StatusCode.NOT_FOUND, "", trailers), "inventory")
    assert arrived.reason == "UPSTREAM_UNAVAILABLE"
