"""The access log of a sidecar: lines in the gateway's format, for denied and failed requests only."""

from __future__ import annotations

from mesh.platform import Workload
from mesh.renderer.documents import Document, typed

_LOGGED_GRPC_STATUSES = ["PERMISSION_DENIED", "UNAUTHENTICATED", "UNAVAILABLE"]
# Errors of Envoy itself, upstream and downstream. DC is left out: a caller that disconnects is not an error.
_LOGGED_FLAGS = [
    "UF", "UH", "UO", "UT", "UR", "UC", "LR", "NR", "NC", "URX", "DPE", "UPE", "UMSDR", "OM", "FI",
]  # fmt: skip
_LINE = {
    "time": "%START_TIME(%Y-%m-%dT%H:%M:%S.%3f+00:00)%",
    "level": "WARNING",
    "service": "",
    "message": "request",
    "method": "%REQ(:METHOD)%",
    "path": "%REQ(:PATH)%",
    "status": "%RESPONSE_CODE%",
    "duration_ms": "%DURATION%",
    "request_id": "%REQ(X-REQUEST-ID)%",
    "traceparent": "%REQ(TRACEPARENT)%",
    "account_id": "%REQ(X-ACCOUNT-ID)%",
    "caller": "%DOWNSTREAM_PEER_URI_SAN%",
    "upstream": "%UPSTREAM_CLUSTER%",
    "response_flags": "%RESPONSE_FLAGS%",
    "details": "%RESPONSE_CODE_DETAILS%",
    "grpc_status": "%GRPC_STATUS(SNAKE_STRING)%",
}


def access_log(workload: Workload) -> Document:
    """Return the access log of one sidecar, which writes to standard output."""
    filters = [
        {"response_flag_filter": {"flags": _LOGGED_FLAGS}},
        {"grpc_status_filter": {"statuses": _LOGGED_GRPC_STATUSES}},
        _status("EQ", 401),
        _status("EQ", 403),
        _status("GE", 500),
    ]
    line = {**_LINE, "service": f"{workload.name}-sidecar"}
    logger = typed("access_loggers.stream.v3.StdoutAccessLog", log_format={"json_format": line})
    return {
        "name": "envoy.access_loggers.stdout",
        "filter": {"or_filter": {"filters": filters}},
        "typed_config": logger,
    }


def _status(comparison: str, status: int) -> Document:
    # Envoy requires a runtime_key; this one is never set.
    value = {"default_value": status, "runtime_key": "mesh.logged"}
    return {"status_code_filter": {"comparison": {"op": comparison, "value": value}}}
