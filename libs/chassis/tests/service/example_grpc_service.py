"""An example gRPC service with one method that runs a function of the test."""

from collections.abc import Callable
from typing import Any

import grpc
from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct

from chassis.config import ServiceConfig
from chassis.errors import FailedPrecondition
from chassis.grpc_server import add_grpc_server
from chassis.lifecycle import Service

SERVICE = "test.v1.ExampleService"
PATH = f"/{SERVICE}/Call"
Handler = Callable[[dict[str, Any]], Any]


class SoldOut(Exception):
    """An error of the domain."""

    def __init__(self, message: str, **metadata: str) -> None:
        super().__init__(message)
        self.metadata = metadata


class Config(ServiceConfig):
    service = "example"


class ExampleService:
    """The servicer. `handler` returns the response for a request; by default the request itself."""

    def __init__(self) -> None:
        self.handler: Handler = dict

    def Call(self, request: Struct, _context: grpc.ServicerContext) -> Struct:
        return _struct(self.handler(json_format.MessageToDict(request)))

    def build_service(self, config: ServiceConfig) -> Service:
        """Build the service with the same wiring as the real ones."""
        service = Service(config)
        add_grpc_server(service, [(_add, self)], {SoldOut: FailedPrecondition})
        return service


class ExampleStub:
    """A stub like those in generated code."""

    def __init__(self, channel: Any) -> None:
        self._call = channel.unary_unary(
            PATH, request_serializer=Struct.SerializeToString, response_deserializer=Struct.FromString
        )

    def call(self, timeout: float | None = None, **request: Any) -> dict[str, Any]:
        """Call the service and return its response."""
        return json_format.MessageToDict(self._call(_struct(request), timeout=timeout))


def failing(error: Exception) -> Handler:
    """Return a handler that raises `error`."""

    def handler(_request: dict[str, Any]) -> Any:
        raise error

    return handler


def _add(servicer: ExampleService, server: grpc.Server) -> None:
    method = grpc.unary_unary_rpc_method_handler(servicer.Call, Struct.FromString, Struct.SerializeToString)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {"Call": method}),))


def _struct(values: dict[str, Any]) -> Struct:
    struct = Struct()
    struct.update(values)
    return struct
