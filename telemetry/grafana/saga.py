"""The checkout saga: the progress of orders, the outcomes of steps, the bank and the events."""

from __future__ import annotations

from telemetry.grafana.overview import per_minute
from telemetry.grafana.panels import RED, YELLOW, Json, Query, dashboard, graph, logs, row, stacked, stat

_STEPS = "market_saga_steps_total"

NOW = [
    stat(
        "Unfinished orders",
        "Orders with a step left. A few are usual under load.",
        "max(market_orders_unfinished)",
        thresholds=((50, YELLOW),),
    ),
    stat(
        "Oldest unfinished order",
        "The time without progress of the order that has waited longest. The alert SagaStuck fires after five minutes.",
        "max(market_orders_unfinished_oldest_seconds)",
        unit="s",
        thresholds=((300, YELLOW), (900, RED)),
    ),
    stat(
        "Confirmed",
        "The share of confirmed orders among those that were confirmed or canceled, in the selected time range.",
        'sum(increase(market_orders_total{state="CONFIRMED"}[$__range]))'
        " / sum(increase(market_orders_total[$__range]))",
        unit="percentunit",
    ),
    stat(
        "Unsent events",
        "Events in the outboxes that NATS has not accepted yet.",
        "sum(max by (service) (market_outbox_waiting))",
        thresholds=((1, YELLOW),),
    ),
    stat(
        "Oldest unsent event",
        "The age of the oldest event in an outbox. The alert OutboxLag fires after a minute.",
        "max(market_outbox_oldest_seconds)",
        unit="s",
        thresholds=((60, RED),),
    ),
    stat(
        "Dead letters",
        "Events that a service could not handle. `make dead-letters` shows them, `make replay` sends them again.",
        "sum(max by (service) (market_dead_letters))",
        thresholds=((1, RED),),
    ),
]
ORDERS = [
    stacked(
        "Orders per minute",
        "Orders by their outcome, and by the reason if they were canceled.",
        Query(per_minute("market_orders_total", "state, reason"), "{{state}} {{reason}}"),
    ),
    graph(
        "Unfinished orders",
        "Orders with a step left.",
        Query("max(market_orders_unfinished)", "unfinished"),
    ),
    graph(
        "Oldest unfinished order",
        "The time without progress. The lines are the limits of the warning and of the critical alert.",
        Query("max(market_orders_unfinished_oldest_seconds)", "oldest"),
        unit="s",
        thresholds=((300, YELLOW), (900, RED)),
    ),
]
STEPS = [
    stacked(
        "Steps done per minute",
        "Checkout runs stock.reserve to cart.clear. Compensation runs shipment.cancel, payment.cancel, stock.release.",
        Query(per_minute(f'{_STEPS}{{outcome="done"}}', "step"), "{{step}}"),
    ),
    stacked(
        "Steps rejected per minute",
        "A declined card or a sold-out product, for example: the order is canceled.",
        Query(per_minute(f'{_STEPS}{{outcome="rejected"}}', "step"), "{{step}}"),
    ),
    stacked(
        "Steps with unknown outcome",
        "Steps per minute without an answer in time. They are retried until their outcome is known.",
        Query(per_minute(f'{_STEPS}{{outcome="unknown"}}', "step"), "{{step}}"),
    ),
]
BANK = [
    stacked(
        "Requests to the bank",
        "Requests per minute by operation and status. Status 0 means that the bank did not answer.",
        Query(
            per_minute("market_bank_request_duration_seconds_count", "operation, status"),
            "{{operation}} {{status}}",
        ),
        width=12,
    ),
    graph(
        "Latency of the bank",
        "The median and the 99th percentile of the bank's response times.",
        *(
            Query(
                f"histogram_quantile({quantile}, sum by (le, operation)"
                " (rate(market_bank_request_duration_seconds_bucket[$__rate_interval])))",
                f"{{{{operation}}}} {name}",
            )
            for name, quantile in (("p50", 0.5), ("p99", 0.99))
        ),
        unit="s",
        width=12,
    ),
]
EVENTS = [
    stacked(
        "Events sent per minute",
        "Events that NATS has accepted, by type.",
        Query(per_minute("market_events_sent_total", "type"), "{{type}}"),
    ),
    stacked(
        "Events handled per minute",
        "By service and outcome. The outcomes waits (an outage) and failed are retried; dead is dead-lettered.",
        Query(per_minute("market_events_handled_total", "service, outcome"), "{{service}} {{outcome}}"),
    ),
    graph(
        "Oldest event in the outbox",
        "The age of the oldest event in each outbox. The line is the limit of the alert OutboxLag.",
        Query("max by (service) (market_outbox_oldest_seconds)", "{{service}}"),
        unit="s",
        thresholds=((60, RED),),
    ),
]


def saga() -> Json:
    """The dashboard."""
    return dashboard(
        "saga",
        "Checkout saga",
        "The progress of orders, the outcomes of steps, the bank and the events.",
        [
            *NOW,
            row("Orders"),
            *ORDERS,
            row("Steps"),
            *STEPS,
            row("The bank"),
            *BANK,
            row("Events"),
            *EVENTS,
            logs(
                "Warnings and errors",
                "Log lines of orders with level WARNING or higher.",
                '{service_name="orders"} | severity_number >= 13',
            ),
        ],
    )
