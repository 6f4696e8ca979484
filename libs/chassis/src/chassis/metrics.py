"""RED metrics (rate, errors, duration), named after OpenTelemetry's semantic conventions in Prometheus form.

Business counters are declared by the services themselves, as market_<what>_total.
"""

from collections.abc import Callable

from prometheus_client import Gauge, Histogram, disable_created_metrics

from chassis.errors import Unavailable

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each, which nobody reads
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

RPC_SERVER = Histogram(
    "rpc_server_duration_seconds",
    "How long answering a gRPC call took.",
    ["rpc_service", "rpc_method", "rpc_grpc_status_code"],
    buckets=_SECONDS,
)
RPC_CLIENT = Histogram(
    "rpc_client_duration_seconds",
    "How long a gRPC call to another service took.",
    ["rpc_service", "rpc_method", "rpc_grpc_status_code"],
    buckets=_SECONDS,
)
HTTP_SERVER = Histogram(
    "http_server_request_duration_seconds",
    "How long answering an HTTP request took.",
    ["http_request_method", "http_route", "http_response_status_code"],
    buckets=_SECONDS,
)


def watch(gauge: Gauge, measure: Callable[[], float]) -> None:
    """Has `measure` tell the gauge's value each time somebody looks; NaN where it raises Unavailable."""

    def measured() -> float:
        try:
            return measure()
        except Unavailable:
            return float("nan")

    gauge.set_function(measured)
