"""A trace context as clients send it, and the export of spans."""

from collections.abc import Iterator
from contextlib import contextmanager

from chassis import telemetry

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
PARENT_ID = "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE_ID}-{PARENT_ID}-01"


@contextmanager
def traced(endpoint: str) -> Iterator[None]:
    """Record spans within the block, as the service `example`, and export them at its end."""
    telemetry.setup("example", endpoint)
    try:
        yield
    finally:
        telemetry.flush()
