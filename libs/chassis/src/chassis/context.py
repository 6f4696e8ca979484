"""The context of the request being answered: its account, its trace, its deadline."""

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from chassis.errors import Unauthenticated

TRACEPARENT = "traceparent"
REQUEST_ID = "x-request-id"
ACCOUNT_ID = "x-account-id"
ACCOUNT_EMAIL = "x-account-email"
IDEMPOTENCY_KEY = "idempotency-key"
TIMEOUT = "grpc-timeout"  # the gateway sends it to HTTP services too

_PROPAGATED = (TRACEPARENT, REQUEST_ID, ACCOUNT_ID, ACCOUNT_EMAIL)
_SECONDS_PER = {"H": 3600.0, "M": 60.0, "S": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9}
_GRPC_TIMEOUT = re.compile(r"([0-9]{1,8})([HMSmun])").fullmatch
# The values that gRPC accepts in metadata; any other would make the call fail.
_PRINTABLE = re.compile(r"[\x20-\x7e]{1,512}").fullmatch


@dataclass(frozen=True, slots=True)
class RequestContext:
    """A request's headers (or gRPC metadata), names in lower case, and its deadline (time.monotonic)."""

    headers: Mapping[str, str] = field(default_factory=dict)
    deadline: float | None = None

    @property
    def trace_id(self) -> str:
        """The 32 hexadecimal digits of the W3C traceparent; empty if there is none."""
        return self.headers.get(TRACEPARENT, "")[3:35]

    def account_id(self) -> str:
        """Return the account that the gateway has authenticated. Raises Unauthenticated (SIGN_IN_REQUIRED)."""
        if account := self.headers.get(ACCOUNT_ID):
            return account
        raise Unauthenticated("SIGN_IN_REQUIRED", "Sign in first.")

    def time_remaining(self, at_most: float) -> float:
        """Return the timeout, in seconds, of a call for this request: `at_most`, or less if its deadline is nearer."""
        if self.deadline is None:
            return at_most
        return max(0.001, min(at_most, self.deadline - time.monotonic()))

    def propagated_headers(self) -> tuple[tuple[str, str], ...]:
        """Return the headers to send with every call made for this request."""
        headers = self.headers
        return tuple((name, headers[name]) for name in _PROPAGATED if _PRINTABLE(headers.get(name, "")))


def deadline_in(headers: Mapping[str, str]) -> float | None:
    """Return the deadline (time.monotonic) from a `grpc-timeout` header; None if there is none."""
    found = _GRPC_TIMEOUT(headers.get(TIMEOUT, ""))
    return time.monotonic() + int(found[1]) * _SECONDS_PER[found[2]] if found else None


_current: ContextVar[RequestContext] = ContextVar("context", default=RequestContext())  # noqa: B039 - it is immutable


def current() -> RequestContext:
    """Return the context of the request that this thread is answering; an empty one outside of requests."""
    return _current.get()


@contextmanager
def use_context(context: RequestContext) -> Iterator[RequestContext]:
    """Make `context` the current one inside the block."""
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)
