"""The access log: a line as the gateway's, for what was refused or went wrong, and for nothing else."""

from __future__ import annotations

from mesh.render.types import Document, typed
from mesh.site import Workload

_REFUSED = ["PERMISSION_DENIED", "UNAUTHENTICATED", "UNAVAILABLE"]
# Envoy's own, in both directions; not that a caller has hung up.
_TROUBLE = ["UF", "UH", "UO", "UT", "UR", "UC", "LR", "NR", "NC", "URX", "DPE", "UPE", "UMSDR", "OM", "FI"]
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
    """To standard output."""
    wanted = [
        {"response_flag_filter": {"flags": _TROUBLE}},
        {"grpc_status_filter": {"statuses": _REFUSED}},
        _status("EQ", 401),
        _status("EQ", 403),
        _status("GE", 500),
    ]
    line = {**_LINE, "service": f"{workload.name}-sidecar"}
    logger = typed("access_loggers.stream.v3.StdoutAccessLog", log_format={"json_format": line})
    return {
        "name": "envoy.access_loggers.stdout",
        "filter": {"or_filter": {"filters": wanted}},
        "typed_config": logger,
    }


def _status(comparison: str, status: int) -> Document:
    # A runtime_key is mandatory; nothing sets this one.
    value = {"default_value": status, "runtime_key": "mesh.logged"}
    return {"status_code_filter": {"comparison": {"op": comparison, "value": value}}}
