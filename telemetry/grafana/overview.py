"""The overview: readiness, sales, traffic, stock, payments, emails and resource usage."""

from __future__ import annotations

from telemetry.grafana.panels import (
    RED,
    YELLOW,
    YES_OR_NO,
    Json,
    Query,
    dashboard,
    graph,
    row,
    stacked,
    stat,
    state_timeline,
)

_EDGE = 'envoy_http_conn_manager_prefix="market"'
_CAPTURED = 'market_payments_cents_total{outcome="captured"}'
_REFUNDED = 'market_payments_cents_total{outcome="refunded"}'


def per_minute(metric: str, by: str) -> str:
    """The rate of a counter per minute, by some of its labels."""
    return f"60 * sum by ({by}) (rate({metric}[$__rate_interval]))"


def _gateway_latency(quantile: float) -> str:
    """A quantile of the gateway's response times, in milliseconds."""
    buckets = f"rate(envoy_http_downstream_rq_time_bucket{{{_EDGE}}}[$__rate_interval])"
    return f"histogram_quantile({quantile}, sum by (le) ({buckets}))"


NOW = [
    stat(
        "Ready to sell",
        "Whether the storefront's /readyz finds every service that a purchase needs, and the gateway answers.",
        "market:can_sell",
        mappings=YES_OR_NO,
    ),
    stat(
        "Orders per minute",
        "Confirmed orders, over the last five minutes.",
        '60 * sum(rate(market_orders_total{state="CONFIRMED"}[5m]))',
    ),
    stat(
        "Checkout errors",
        "The share of checkouts that failed in the last five minutes; 0.5 % are allowed.",
        "market:checkout_errors:ratio_rate5m",
        unit="percentunit",
        thresholds=((0.005, YELLOW), (0.072, RED)),
    ),
    stat(
        "Revenue",
        "Captured less refunded money, in the selected time range.",
        f"(sum(increase({_CAPTURED}[$__range])) - (sum(increase({_REFUNDED}[$__range])) or vector(0))) / 100",
        unit="currencyUSD",
    ),
    stat(
        "Unfinished orders",
        "Orders with a step left. A few are usual under load.",
        "max(market_orders_unfinished)",
        thresholds=((50, YELLOW),),
    ),
    stat(
        "Dead letters",
        "Events that a service could not handle. `make dead-letters` shows them.",
        "sum(max by (service) (market_dead_letters))",
        thresholds=((1, RED),),
    ),
]
READY = [
    state_timeline(
        "Ready services",
        "Whether each service reports that it is ready. A gap means that it does not answer.",
        Query("max by (service) (market_ready)", "{{service}}"),
        YES_OR_NO,
    ),
    state_timeline(
        "Alerts",
        "Firing alerts. The runbooks are in docs/runbooks.",
        Query(
            'max by (alertname, severity, service) (ALERTS{alertstate="firing"})',
            "{{alertname}} {{service}} ({{severity}})",
        ),
        {"1": (RED, "firing")},
    ),
]
SALES = [
    stacked(
        "Orders per minute",
        "Orders by their outcome, and by the reason if they were canceled.",
        Query(per_minute("market_orders_total", "state, reason"), "{{state}} {{reason}}"),
    ),
    graph(
        "Checkout errors",
        "The share of checkouts that failed. The lines are the allowed share and the limit of the critical alert.",
        Query("market:checkout_errors:ratio_rate5m", "5 minutes"),
        Query("market:checkout_errors:ratio_rate1h", "1 hour"),
        unit="percentunit",
        thresholds=((0.005, YELLOW), (0.072, RED)),
    ),
    graph(
        "Money per minute",
        "Captured and refunded amounts.",
        Query(f"{per_minute(_CAPTURED, 'outcome')} / 100", "captured"),
        Query(f"{per_minute(_REFUNDED, 'outcome')} / 100", "refunded"),
        unit="currencyUSD",
    ),
]
EDGE = [
    stacked(
        "Requests per second",
        "Requests to the gateway, by the class of the status code.",
        Query(
            f"sum by (envoy_response_code_class) (rate(envoy_http_downstream_rq_xx{{{_EDGE}}}[$__rate_interval]))",
            "{{envoy_response_code_class}}xx",
        ),
        unit="reqps",
    ),
    graph(
        "Latency",
        "The median and the 99th percentile of the gateway's response times.",
        Query(_gateway_latency(0.5), "p50"),
        Query(_gateway_latency(0.99), "p99"),
        unit="ms",
    ),
    graph(
        "Server errors by service",
        "Responses with status 500 or higher that the gateway received, by service.",
        Query(
            "sum by (envoy_cluster_name)"
            ' (rate(envoy_cluster_upstream_rq_xx{envoy_response_code_class="5"}[$__rate_interval]))',
            "{{envoy_cluster_name}}",
        ),
        unit="reqps",
    ),
]
FULFILLMENT = [
    stacked(
        "Stock reservations per minute",
        "Reservations by their outcome.",
        Query(per_minute("market_reservations_total", "outcome"), "{{outcome}}"),
    ),
    stacked(
        "Payments per minute",
        "Operations at the bank by their outcome. The outcome is unknown if the bank does not answer in time.",
        Query(per_minute("market_payments_total", "outcome"), "{{outcome}}"),
    ),
    stacked(
        "Emails per minute",
        "Emails about orders, by kind and outcome.",
        Query(per_minute("market_emails_total", "kind, outcome"), "{{kind}} {{outcome}}"),
    ),
]
RESOURCES = [
    stacked(
        "Memory",
        "The resident memory of each service, including pages that it shares with others.",
        Query("sum by (service) (process_resident_memory_bytes)", "{{service}}"),
        Query("sum by (service) (envoy_server_memory_physical_size)", "{{service}}"),
        unit="bytes",
        width=12,
    ),
    stacked(
        "CPU",
        "The CPU usage of each service, as a share of one core.",
        Query("sum by (service) (rate(process_cpu_seconds_total[$__rate_interval]))", "{{service}}"),
        unit="percentunit",
        width=12,
    ),
]


def overview() -> Json:
    """The dashboard."""
    return dashboard(
        "overview",
        "Overview",
        "Readiness, sales, traffic, stock, payments, emails and resource usage.",
        [
            *NOW,
            *READY,
            row("Sales"),
            *SALES,
            row("Gateway"),
            *EDGE,
            row("Stock, payments, emails"),
            *FULFILLMENT,
            row("Resources"),
            *RESOURCES,
        ],
    )
