"""The metrics that exist: those of our code, and those of other programs that rules and dashboards use."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KINDS = ("Counter", "Gauge", "Histogram")
# Labels that Prometheus adds to each series, see prometheus.yml.
TARGET_LABELS = {"job", "instance", "service", "namespace"}
# Envoy's metrics. gateway/tests compare them with those that Envoy exports.
ENVOY = {
    "envoy_http_downstream_rq_xx": {"envoy_http_conn_manager_prefix", "envoy_response_code_class"},
    "envoy_http_downstream_rq_time_bucket": {"envoy_http_conn_manager_prefix", "le"},
    "envoy_cluster_upstream_rq_xx": {"envoy_cluster_name", "envoy_response_code_class"},
    "envoy_server_memory_physical_size": set[str](),
}
# The metrics of Python's client on Linux and of Prometheus itself.
OTHERS = {
    "process_cpu_seconds_total": set[str](),
    "process_max_fds": set[str](),
    "process_open_fds": set[str](),
    "process_resident_memory_bytes": set[str](),
    "process_start_time_seconds": set[str](),
    "up": set[str](),
    "ALERTS": {"alertname", "alertstate", "severity"},
}


def ours() -> dict[str, set[str]]:
    """Every series that our services declare, with its labels."""
    found: dict[str, set[str]] = {}
    for kind, name, labels in _declared():
        names = [f"{name}_{part}" for part in ("bucket", "sum", "count")] if kind == "Histogram" else [name]
        for series in names:
            found[series] = labels | ({"le"} if series.endswith("_bucket") else set())
    return found


def _declared() -> Iterator[tuple[str, str, set[str]]]:
    """The kind, name and labels of each metric that the code declares."""
    for folder in [
        ROOT / "libs/chassis/src",
        ROOT / "libs/messaging/src",
        *sorted(ROOT.glob("services/*/src")),
    ]:
        for path in sorted(folder.rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                match node:
                    case ast.Call(func=ast.Name(kind), args=[ast.Constant(str(name)), *rest]) if (
                        kind in KINDS
                    ):
                        yield kind, name, set(ast.literal_eval(rest[1]) if len(rest) > 1 else [])
