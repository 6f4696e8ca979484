"""A tiny gRPC service with one method, which does what the test wants."""

from collections.abc import Callable
from typing import Any

import grpc
from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct

from chassis.config import ServiceConfig
from chassis.errors import FailedPrecondition
from chassis.grpc_server import add_grpc_server
from chassis.lifecycle import Service

SERVICE = "test.v1.EchoService"
PATH = f"/{SERVICE}/Ask"
Answer = Callable[[dict[str, Any]], Any]


class SoldOut(Exception):
    """A refusal of the domain."""

    def __init__(self, message: str, **metadata: str) -> None:
        super().__init__(message)
        self.metadata = metadata


class Config(ServiceConfig):
    service = "echo"


class Echo:
    """The servicer; `answer` makes the answer from the request."""

    def __init__(self) -> None:
        self.answer: Answer = dict

    def Ask(self, request: Struct, _context: grpc.ServicerContext) -> Struct:
        return _struct(self.answer(json_format.MessageToDict(request)))

    def build_service(self, config: ServiceConfig) -> Service:
        """The service, wired as services are."""
        service = Service(config)
        add_grpc_server(service, [(_add, self)], {SoldOut: FailedPrecondition})
        return service


class EchoStub:
    """What generated code makes of a channel."""

    def __init__(self, channel: Any) -> None:
        self._ask = channel.unary_unary(
            PATH, request_serializer=Struct.SerializeToString, response_deserializer=Struct.FromString
        )

    def ask(self, timeout: float | None = None, **request: Any) -> dict[str, Any]:
        """Asks, and waits for the answer."""
        return json_format.MessageToDict(self._ask(_struct(request), timeout=timeout))


def _add(servicer: Echo, server: grpc.Server) -> None:
    method = grpc.unary_unary_rpc_method_handler(servicer.Ask, Struct.FromString, Struct.SerializeToString)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {"Ask": method}),))


def _struct(values: dict[str, Any]) -> Struct:
    made = Struct()
    made.update(values)
    return made
