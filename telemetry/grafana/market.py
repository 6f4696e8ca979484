"""The market at a glance: can it sell, what does it sell, how fast, and what does it take."""

from __future__ import annotations

from telemetry.grafana.panels import (
    RED,
    YELLOW,
    YES_OR_NO,
    Json,
    Query,
    dashboard,
    graph,
    parts,
    row,
    stat,
    states,
)

_EDGE = 'envoy_http_conn_manager_prefix="market"'
_EARNED = 'market_payments_cents_total{outcome="captured"}'
_GIVEN_BACK = 'market_payments_cents_total{outcome="refunded"}'


def a_minute(metric: str, by: str) -> str:
    """How often a minute a counter counts, by some of its labels."""
    return f"60 * sum by ({by}) (rate({metric}[$__rate_interval]))"


def at_the_gateway(quantile: float) -> str:
    """So many of the requests are answered within this many milliseconds."""
    buckets = f"rate(envoy_http_downstream_rq_time_bucket{{{_EDGE}}}[$__rate_interval])"
    return f"histogram_quantile({quantile}, sum by (le) ({buckets}))"


NOW = [
    stat(
        "Can it sell?",
        "Whether the shop's /readyz finds all that a purchase needs, and the gateway leads to it.",
        "market:can_sell",
        words=YES_OR_NO,
    ),
    stat(
        "Orders a minute",
        "Orders that were confirmed, over the last five minutes.",
        '60 * sum(rate(market_orders_total{state="CONFIRMED"}[5m]))',
    ),
    stat(
        "Checkout errors",
        "The share of the last five minutes' checkouts that ended with an error of ours; 0.5 % are allowed.",
        "market:checkout_errors:ratio_rate5m",
        unit="percentunit",
        marks=((0.005, YELLOW), (0.072, RED)),
    ),
    stat(
        "Earned",
        "Money taken less money given back, in the time that is shown.",
        f"(sum(increase({_EARNED}[$__range])) - (sum(increase({_GIVEN_BACK}[$__range])) or vector(0))) / 100",
        unit="currencyUSD",
    ),
    stat(
        "Orders on their way",
        "Orders with something left to do. A few are usual where people buy.",
        "max(market_orders_unfinished)",
        marks=((50, YELLOW),),
    ),
    stat(
        "Dead letters",
        "Events that a service could not handle, and that wait for somebody to look.",
        "sum(max by (service) (market_dead_letters))",
        marks=((1, RED),),
    ),
]
READY = [
    states(
        "Who is ready",
        "Whether each service says that it can answer. Nothing: it does not say anything.",
        Query("max by (service) (market_ready)", "{{service}}"),
        YES_OR_NO,
    ),
    states(
        "Alerts",
        "What somebody should look at. The runbooks are in docs/runbooks.",
        Query(
            'max by (alertname, severity, service) (ALERTS{alertstate="firing"})',
            "{{alertname}} {{service}} ({{severity}})",
        ),
        {"1": (RED, "firing")},
    ),
]
SALES = [
    parts(
        "Orders a minute",
        "Orders by what became of them, and why where they were cancelled.",
        Query(a_minute("market_orders_total", "state, reason"), "{{state}} {{reason}}"),
    ),
    graph(
        "Checkout errors",
        "The share of checkouts that end with an error of ours. The lines: what is allowed, and what wakes somebody.",
        Query("market:checkout_errors:ratio_rate5m", "5 minutes"),
        Query("market:checkout_errors:ratio_rate1h", "1 hour"),
        unit="percentunit",
        marks=((0.005, YELLOW), (0.072, RED)),
    ),
    graph(
        "Money a minute",
        "What was taken from cards, and what was given back.",
        Query(f"{a_minute(_EARNED, 'outcome')} / 100", "taken"),
        Query(f"{a_minute(_GIVEN_BACK, 'outcome')} / 100", "given back"),
        unit="currencyUSD",
    ),
]
EDGE = [
    parts(
        "Requests a second",
        "All that came to the gateway, by the class of the answer.",
        Query(
            f"sum by (envoy_response_code_class) (rate(envoy_http_downstream_rq_xx{{{_EDGE}}}[$__rate_interval]))",
            "{{envoy_response_code_class}}xx",
        ),
        unit="reqps",
    ),
    graph(
        "How long they take",
        "Half of the requests are answered faster than the lower line, all but one in a hundred than the upper one.",
        Query(at_the_gateway(0.5), "p50"),
        Query(at_the_gateway(0.99), "p99"),
        unit="ms",
    ),
    graph(
        "Errors of services",
        "Answers with 500 and more, by the service that gave them, as the gateway saw them.",
        Query(
            "sum by (envoy_cluster_name)"
            ' (rate(envoy_cluster_upstream_rq_xx{envoy_response_code_class="5"}[$__rate_interval]))',
            "{{envoy_cluster_name}}",
        ),
        unit="reqps",
    ),
]
GOODS = [
    parts(
        "Reservations of stock a minute",
        "Pieces that were set aside for an order, and what became of them.",
        Query(a_minute("market_reservations_total", "outcome"), "{{outcome}}"),
    ),
    parts(
        "Payments a minute",
        "What payments has done at the bank; unknown: the bank did not answer in time.",
        Query(a_minute("market_payments_total", "outcome"), "{{outcome}}"),
    ),
    parts(
        "Mails a minute",
        "Mails about orders by what became of them.",
        Query(a_minute("market_emails_total", "kind, outcome"), "{{kind}} {{outcome}}"),
    ),
]
COST = [
    parts(
        "Memory",
        "What each service holds in memory, pages that it shares with others included.",
        Query("sum by (service) (process_resident_memory_bytes)", "{{service}}"),
        Query("sum by (service) (envoy_server_memory_physical_size)", "{{service}}"),
        unit="bytes",
        width=12,
    ),
    parts(
        "CPU",
        "How much of one core each service uses.",
        Query("sum by (service) (rate(process_cpu_seconds_total[$__rate_interval]))", "{{service}}"),
        unit="percentunit",
        width=12,
    ),
]


def market() -> Json:
    """The dashboard."""
    return dashboard(
        "market",
        "The market at a glance",
        "Can it sell, what does it sell, how fast, and what does it take.",
        [
            *NOW,
            *READY,
            row("What it sells"),
            *SALES,
            row("At the gateway"),
            *EDGE,
            row("Goods, money, mails"),
            *GOODS,
            row("What it takes"),
            *COST,
        ],
    )
