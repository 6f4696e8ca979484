"""One service: its requests, latency, upstreams, processes and log."""

from __future__ import annotations

from telemetry.grafana.panels import (
    RED,
    YELLOW,
    YES_OR_NO,
    Json,
    Query,
    dashboard,
    graph,
    logs,
    row,
    stacked,
    stat,
    variable,
)

_SERVICE = 'service="$service"'
_UPSTREAMS = f'{_SERVICE}, rpc_service!="grpc.health.v1.Health"'


def rate(metric: str, by: str, labels: str = _SERVICE) -> str:
    """The rate of a counter per second, by some labels."""
    return f"sum by ({by}) (rate({metric}{{{labels}}}[$__rate_interval]))"


def latency(quantile: float, metric: str, by: str, labels: str = _SERVICE) -> str:
    """A quantile of a histogram, in seconds."""
    return f"histogram_quantile({quantile}, {rate(f'{metric}_bucket', f'le, {by}', labels)})"


NOW = [
    stat(
        "Ready",
        "Whether at least one process is ready.",
        f"max(market_ready{{{_SERVICE}}})",
        mappings=YES_OR_NO,
    ),
    stat("Processes", "The number of processes that answer.", f"sum(up{{{_SERVICE}}})"),
    stat(
        "Uptime",
        "The time since the latest start of a process.",
        f"time() - max(process_start_time_seconds{{{_SERVICE}}})",
        unit="s",
    ),
    stat(
        "Restarts",
        "The number of restarts of its processes, in the selected time range.",
        f"sum(changes(process_start_time_seconds{{{_SERVICE}}}[$__range]))",
        thresholds=((1, YELLOW),),
    ),
    stat(
        "Dead letters",
        "Events that it could not handle. `make dead-letters` shows them.",
        f"max(market_dead_letters{{{_SERVICE}}})",
        thresholds=((1, RED),),
    ),
    stat(
        "Open files",
        "Open files and connections, as a share of the limit.",
        f"max(process_open_fds{{{_SERVICE}}} / process_max_fds{{{_SERVICE}}})",
        unit="percentunit",
        thresholds=((0.8, RED),),
    ),
]
GRPC = [
    stacked(
        "Requests per second",
        "gRPC requests by method.",
        Query(rate("rpc_server_duration_seconds_count", "rpc_method"), "{{rpc_method}}"),
        unit="reqps",
    ),
    graph(
        "Failed requests",
        "gRPC requests per second by status. INTERNAL is a bug, UNAVAILABLE an outage; others are the caller's errors.",
        Query(
            rate(
                "rpc_server_duration_seconds_count",
                "rpc_method, rpc_grpc_status_code",
                f'{_SERVICE}, rpc_grpc_status_code!="OK"',
            ),
            "{{rpc_method}} {{rpc_grpc_status_code}}",
        ),
        unit="reqps",
    ),
    graph(
        "Latency",
        "The 99th percentile of the response times, by method.",
        Query(latency(0.99, "rpc_server_duration_seconds", "rpc_method"), "{{rpc_method}} p99"),
        unit="s",
    ),
]
HTTP = [
    stacked(
        "Requests per second",
        "HTTP requests by route.",
        Query(
            rate("http_server_request_duration_seconds_count", "http_request_method, http_route"),
            "{{http_request_method}} {{http_route}}",
        ),
        unit="reqps",
    ),
    graph(
        "Failed requests",
        "HTTP requests per second by status. A status of 500 or higher is an error of the service.",
        Query(
            rate(
                "http_server_request_duration_seconds_count",
                "http_route, http_response_status_code",
                f'{_SERVICE}, http_response_status_code=~"4..|5.."',
            ),
            "{{http_response_status_code}} {{http_route}}",
        ),
        unit="reqps",
    ),
    graph(
        "Latency",
        "The 99th percentile of the response times, by route.",
        Query(latency(0.99, "http_server_request_duration_seconds", "http_route"), "{{http_route}} p99"),
        unit="s",
    ),
]
UPSTREAMS = [
    stacked(
        "Requests to upstreams per second",
        "gRPC requests that this service sends, by method.",
        Query(
            rate("rpc_client_duration_seconds_count", "rpc_service, rpc_method", _UPSTREAMS), "{{rpc_method}}"
        ),
        unit="reqps",
    ),
    graph(
        "Failed requests to upstreams",
        "gRPC requests that this service sends, by status. Rejections, such as a declined card, are included.",
        Query(
            rate(
                "rpc_client_duration_seconds_count",
                "rpc_method, rpc_grpc_status_code",
                f'{_UPSTREAMS}, rpc_grpc_status_code!="OK"',
            ),
            "{{rpc_method}} {{rpc_grpc_status_code}}",
        ),
        unit="reqps",
    ),
    graph(
        "Latency of upstreams",
        "The 99th percentile of the response times, including those of the bank to payments.",
        Query(
            latency(0.99, "rpc_client_duration_seconds", "rpc_service, rpc_method", _UPSTREAMS),
            "{{rpc_method}} p99",
        ),
        Query(latency(0.99, "market_bank_request_duration_seconds", "operation"), "bank {{operation}} p99"),
        unit="s",
    ),
]
PROCESS = [
    graph(
        "Memory",
        "The resident memory of each process.",
        Query(f"process_resident_memory_bytes{{{_SERVICE}}}", "{{instance}}"),
        unit="bytes",
    ),
    graph(
        "CPU",
        "The CPU usage of each process, as a share of one core.",
        Query(rate("process_cpu_seconds_total", "instance"), "{{instance}}"),
        unit="percentunit",
    ),
    stacked(
        "Events per second",
        "Handled events by outcome, and sent events by type.",
        Query(rate("market_events_handled_total", "outcome"), "handled: {{outcome}}"),
        Query(rate("market_events_sent_total", "type"), "sent: {{type}}"),
        unit="eps",
    ),
]


def service() -> Json:
    """The dashboard."""
    lines = logs(
        "Log", "The service's log. The lines of a request link to its trace.", '{service_name="$service"}'
    )
    return dashboard(
        "service",
        "Service",
        "One service: its requests, latency, upstreams, processes and log.",
        [
            *NOW,
            row("gRPC"),
            *GRPC,
            row("HTTP"),
            *HTTP,
            row("Upstreams"),
            *UPSTREAMS,
            row("Processes"),
            *PROCESS,
            lines,
        ],
        [variable("service", "Service", "label_values(market_ready, service)")],
    )
