"""The calls that a fake upstream received, for tests to inspect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import grpc


@dataclass(frozen=True)
class Call:
    """One call: its method (for gRPC, the RPC's name), path, headers in lower case, body and time remaining."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any
    time_remaining: float | None = None


@dataclass
class CallLog:
    """The calls that a service received; it fails the next `failures_left` calls, a gRPC service with `code`."""

    calls: list[Call] = field(default_factory=list)
    failures_left: int = 0
    code: grpc.StatusCode = grpc.StatusCode.UNAVAILABLE

    @property
    def last(self) -> Call:
        """The most recent call."""
        return self.calls[-1]

    def with_request_id(self, request_id: str) -> Call:
        """Return the call with this X-Request-Id. The gateway itself calls accounts too, so `last` may be another."""
        (call,) = [call for call in self.calls if call.headers.get("x-request-id") == request_id]
        return call

    def fail(self, times: int, code: grpc.StatusCode = grpc.StatusCode.UNAVAILABLE) -> None:
        """Delete the calls so far and make the next ones fail."""
        self.calls.clear()
        self.failures_left, self.code = times, code

    def record(self, call: Call) -> bool:
        """Record a call. Returns True if it is to fail."""
        self.calls.append(call)
        if self.failures_left == 0:
            return False
        self.failures_left -= 1
        return True
