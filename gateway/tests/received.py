"""What a service behind the gateway was asked, kept for the test to look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import grpc


@dataclass(frozen=True)
class Received:
    """One call: its method (for gRPC its name), path, headers in lower case, body, and its deadline."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any
    seconds_left: float | None = None


@dataclass
class Inbox:
    """The calls that a service got, and how often it is still to fail, a gRPC service with which code."""

    calls: list[Received] = field(default_factory=list)
    failures_left: int = 0
    code: grpc.StatusCode = grpc.StatusCode.UNAVAILABLE

    @property
    def last(self) -> Received:
        """The latest call."""
        return self.calls[-1]

    def named(self, request_id: str) -> Received:
        """The call with this X-Request-Id: accounts, for one, is also called by the gateway itself."""
        (call,) = [call for call in self.calls if call.headers.get("x-request-id") == request_id]
        return call

    def fail(self, times: int, code: grpc.StatusCode = grpc.StatusCode.UNAVAILABLE) -> None:
        """Forget the calls so far and let the next ones fail."""
        self.calls.clear()
        self.failures_left, self.code = times, code

    def note(self, call: Received) -> bool:
        """Keep a call; whether it is to fail."""
        self.calls.append(call)
        if self.failures_left == 0:
            return False
        self.failures_left -= 1
        return True
