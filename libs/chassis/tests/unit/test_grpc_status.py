import grpc
import pytest

from chassis.errors import TREE, AppError, Unavailable
from chassis.grpc_client import to_error
from chassis.grpc_server import to_status


class Answer(grpc.RpcError):
    """What a client of gRPC gets instead of an answer."""

    def __init__(self, code, details, trailers):
        self._answer = (code, details, trailers)

    def code(self):
        return self._answer[0]

    def details(self):
        return self._answer[1]

    def trailing_metadata(self):
        return self._answer[2]


def sent(error):
    status = to_status(error)
    return Answer(status.code, status.details, status.trailing_metadata)


@pytest.mark.parametrize("kind", TREE)
def test_an_error_arrives_as_it_was_sent(kind):
    error = kind("SOLD_OUT", "Alles weg: 茶.", {"product": "tea"})
    arrived = to_error(sent(error), "inventory")
    assert type(arrived) is kind
    assert (arrived.reason, arrived.message) == (error.reason, error.message)
    assert arrived.metadata == error.metadata


def test_a_bug_over_there_is_an_outage_of_that_service():
    arrived = to_error(sent(AppError("INTERNAL", "Oh.")), "inventory")
    assert isinstance(arrived, Unavailable)
    assert arrived.reason == "UPSTREAM_UNAVAILABLE"
    assert arrived.metadata == {"service": "inventory", "code": "INTERNAL"}


@pytest.mark.parametrize("trailers", [None, (), (("other", "x"),)])
def test_a_status_without_details_is_an_outage_of_that_service(trailers):
    arrived = to_error(Answer(grpc.StatusCode.NOT_FOUND, "", trailers), "inventory")
    assert arrived.reason == "UPSTREAM_UNAVAILABLE"


def test_details_that_nobody_can_read_are_an_outage_of_that_service():
    trailers = (("grpc-status-details-bin", b"\xff\xff"),)
    arrived = to_error(Answer(grpc.StatusCode.NOT_FOUND, "", trailers), "inventory")
    assert arrived.reason == "UPSTREAM_UNAVAILABLE"
