"""Clients of the gateway: over HTTP from any loopback address, and over gRPC."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from gateway.tests.edge import Edge

Headers = Mapping[str, str]


class Client(requests.Session):
    """An HTTP session with the gateway, from the given loopback address. Rate limits are per address."""

    def __init__(self, edge: Edge, address: str = "127.0.0.1") -> None:
        super().__init__()
        self._edge = edge
        self.trust_env = False
        self.mount("http://", _SourceAddressAdapter(address))

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """Prefix the path with the gateway's address."""
        request.url = f"{self._edge.url}{request.url}"
        return super().prepare_request(request)


class _SourceAddressAdapter(HTTPAdapter):
    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, source_address=(self._address, 0), **kwargs)

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        return super().send(*args, **{**kwargs, "timeout": 20})


def raw(
    edge: Edge, method: str, path: str, body: bytes = b"", headers: Headers | None = None
) -> tuple[int, bytes]:
    """Send one request without the normalization that `requests` does; return its status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", edge.port, timeout=20)
    try:
        connection.request(method, path, body, dict(headers or {}))
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def reason(response: requests.Response) -> str:
    """Return the ErrorInfo reason of an error response, after checking its whole form."""
    status = response.json()
    assert set(status) == {"code", "message", "details"}, status
    assert isinstance(status["code"], int)
    assert status["message"]
    (detail,) = status["details"]
    assert detail["@type"] == "type.googleapis.com/google.rpc.ErrorInfo"
    assert detail["domain"] == "night-market"
    assert isinstance(detail["metadata"], dict)
    return str(detail["reason"])
