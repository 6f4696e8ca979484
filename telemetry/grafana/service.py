"""One service: what it is asked, how it answers, whom it asks, what it takes."""

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
    parts,
    row,
    stat,
    variable,
)

_OURS = 'service="$service"'
_OTHERS = f'{_OURS}, rpc_service!="grpc.health.v1.Health"'


def rate(metric: str, by: str, labels: str = _OURS) -> str:
    """How often a second, by some labels."""
    return f"sum by ({by}) (rate({metric}{{{labels}}}[$__rate_interval]))"


def within(quantile: float, metric: str, by: str, labels: str = _OURS) -> str:
    """So many of the calls are done within this many seconds."""
    return f"histogram_quantile({quantile}, {rate(f'{metric}_bucket', f'le, {by}', labels)})"


NOW = [
    stat(
        "Ready?",
        "Whether at least one of its processes can answer.",
        f"max(market_ready{{{_OURS}}})",
        words=YES_OR_NO,
    ),
    stat("Processes", "How many of them answer.", f"sum(up{{{_OURS}}})"),
    stat(
        "Running for",
        "Since the youngest of its processes was started.",
        f"time() - max(process_start_time_seconds{{{_OURS}}})",
        unit="s",
    ),
    stat(
        "Restarts",
        "How often one of its processes was started anew, in the time that is shown.",
        f"sum(changes(process_start_time_seconds{{{_OURS}}}[$__range]))",
        marks=((1, YELLOW),),
    ),
    stat(
        "Dead letters",
        "Events that it could not handle, and that wait for somebody to look.",
        f"max(market_dead_letters{{{_OURS}}})",
        marks=((1, RED),),
    ),
    stat(
        "Open files",
        "Files and connections that are open, of those that are allowed.",
        f"max(process_open_fds{{{_OURS}}} / process_max_fds{{{_OURS}}})",
        unit="percentunit",
        marks=((0.8, RED),),
    ),
]
GRPC = [
    parts(
        "Calls a second",
        "gRPC calls by method.",
        Query(rate("rpc_server_duration_seconds_count", "rpc_method"), "{{rpc_method}}"),
        unit="reqps",
    ),
    graph(
        "Calls that fail",
        "By status. INTERNAL is a bug, UNAVAILABLE an outage; the others are answers to somebody's mistake.",
        Query(
            rate(
                "rpc_server_duration_seconds_count",
                "rpc_method, rpc_grpc_status_code",
                f'{_OURS}, rpc_grpc_status_code!="OK"',
            ),
            "{{rpc_method}} {{rpc_grpc_status_code}}",
        ),
        unit="reqps",
    ),
    graph(
        "How long they take",
        "All but one in a hundred calls are answered faster.",
        Query(within(0.99, "rpc_server_duration_seconds", "rpc_method"), "{{rpc_method}} p99"),
        unit="s",
    ),
]
HTTP = [
    parts(
        "Requests a second",
        "HTTP requests by route.",
        Query(
            rate("http_server_request_duration_seconds_count", "http_request_method, http_route"),
            "{{http_request_method}} {{http_route}}",
        ),
        unit="reqps",
    ),
    graph(
        "Requests that fail",
        "By status. From 500 on the fault is ours.",
        Query(
            rate(
                "http_server_request_duration_seconds_count",
                "http_route, http_response_status_code",
                f'{_OURS}, http_response_status_code=~"4..|5.."',
            ),
            "{{http_response_status_code}} {{http_route}}",
        ),
        unit="reqps",
    ),
    graph(
        "How long they take",
        "All but one in a hundred requests are answered faster.",
        Query(within(0.99, "http_server_request_duration_seconds", "http_route"), "{{http_route}} p99"),
        unit="s",
    ),
]
OTHERS = [
    parts(
        "Calls to others a second",
        "What this service asks of others.",
        Query(
            rate("rpc_client_duration_seconds_count", "rpc_service, rpc_method", _OTHERS), "{{rpc_method}}"
        ),
        unit="reqps",
    ),
    graph(
        "Calls to others that fail",
        "As this service sees them: a refusal that the buyer is told counts too.",
        Query(
            rate(
                "rpc_client_duration_seconds_count",
                "rpc_method, rpc_grpc_status_code",
                f'{_OTHERS}, rpc_grpc_status_code!="OK"',
            ),
            "{{rpc_method}} {{rpc_grpc_status_code}}",
        ),
        unit="reqps",
    ),
    graph(
        "How long others take",
        "All but one in a hundred calls are answered faster; payments' calls to the bank included.",
        Query(
            within(0.99, "rpc_client_duration_seconds", "rpc_service, rpc_method", _OTHERS),
            "{{rpc_method}} p99",
        ),
        Query(within(0.99, "market_bank_request_duration_seconds", "operation"), "bank {{operation}} p99"),
        unit="s",
    ),
]
PROCESS = [
    graph(
        "Memory",
        "What each of its processes holds in memory.",
        Query(f"process_resident_memory_bytes{{{_OURS}}}", "{{instance}}"),
        unit="bytes",
    ),
    graph(
        "CPU",
        "How much of one core each of its processes uses.",
        Query(rate("process_cpu_seconds_total", "instance"), "{{instance}}"),
        unit="percentunit",
    ),
    parts(
        "Events a second",
        "Events that it has handled, by what became of them, and that it has sent.",
        Query(rate("market_events_handled_total", "outcome"), "handled: {{outcome}}"),
        Query(rate("market_events_sent_total", "type"), "sent: {{type}}"),
        unit="eps",
    ),
]


def service() -> Json:
    """The dashboard."""
    lines = logs("Log", "What it says; a line of a request leads to its trace.", '{service_name="$service"}')
    return dashboard(
        "service",
        "Service",
        "One service: what it is asked, how it answers, whom it asks, what it takes.",
        [
            *NOW,
            row("gRPC"),
            *GRPC,
            row("HTTP"),
            *HTTP,
            row("Whom it asks"),
            *OTHERS,
            row("What it takes"),
            *PROCESS,
            lines,
        ],
        [variable("service", "Service", "label_values(market_ready, service)")],
    )
