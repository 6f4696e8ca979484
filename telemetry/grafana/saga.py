"""The saga: how orders get on, where they wait, and what the events and the bank have to do with it."""

from __future__ import annotations

from telemetry.grafana.market import a_minute
from telemetry.grafana.panels import RED, YELLOW, Json, Query, dashboard, graph, logs, parts, row, stat

_STEPS = "market_saga_steps_total"

NOW = [
    stat(
        "Orders on their way",
        "Orders with something left to do. A few are usual where people buy.",
        "max(market_orders_unfinished)",
        marks=((50, YELLOW),),
    ),
    stat(
        "The oldest waits for",
        "For how long the order that has waited longest has not got on. After five minutes somebody should look.",
        "max(market_orders_unfinished_oldest_seconds)",
        unit="s",
        marks=((300, YELLOW), (900, RED)),
    ),
    stat(
        "Confirmed",
        "Of the orders that were decided, in the time that is shown.",
        'sum(increase(market_orders_total{state="CONFIRMED"}[$__range]))'
        " / sum(increase(market_orders_total[$__range]))",
        unit="percentunit",
    ),
    stat(
        "Events that wait",
        "Events in the outboxes, because the broker does not take them.",
        "sum(max by (service) (market_outbox_waiting))",
        marks=((1, YELLOW),),
    ),
    stat(
        "The oldest event waits for",
        "After a minute somebody should look.",
        "max(market_outbox_oldest_seconds)",
        unit="s",
        marks=((60, RED),),
    ),
    stat(
        "Dead letters",
        "Events that a service could not handle: make dead-letters shows them, make replay sends them back.",
        "sum(max by (service) (market_dead_letters))",
        marks=((1, RED),),
    ),
]
ORDERS = [
    parts(
        "Orders a minute",
        "Orders by what became of them, and why where they were cancelled.",
        Query(a_minute("market_orders_total", "state, reason"), "{{state}} {{reason}}"),
    ),
    graph(
        "Orders on their way",
        "Orders with something left to do.",
        Query("max(market_orders_unfinished)", "unfinished"),
    ),
    graph(
        "The oldest waits for",
        "For how long it has not got on. The lines: worth a look, and worth waking somebody.",
        Query("max(market_orders_unfinished_oldest_seconds)", "the oldest"),
        unit="s",
        marks=((300, YELLOW), (900, RED)),
    ),
]
STEPS = [
    parts(
        "Steps done a minute",
        "Forward: stock.reserve to cart.clear. Back: shipment.cancel, payment.cancel, stock.release.",
        Query(a_minute(f'{_STEPS}{{outcome="done"}}', "step"), "{{step}}"),
    ),
    parts(
        "Steps rejected a minute",
        "A declined card, a lantern that is sold out: the order turns back.",
        Query(a_minute(f'{_STEPS}{{outcome="rejected"}}', "step"), "{{step}}"),
    ),
    parts(
        "Steps unknown a minute",
        "Nobody answered in time: the step is tried again, until it is known how it ended.",
        Query(a_minute(f'{_STEPS}{{outcome="unknown"}}', "step"), "{{step}}"),
    ),
]
BANK = [
    parts(
        "Requests to the bank a minute",
        "By operation and status; 0: the bank did not answer.",
        Query(
            a_minute("market_bank_request_duration_seconds_count", "operation, status"),
            "{{operation}} {{status}}",
        ),
        width=12,
    ),
    graph(
        "How long the bank takes",
        "Half of its answers come faster than the lower line, all but one in a hundred than the upper one.",
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
    parts(
        "Events sent a minute",
        "Events that the broker has taken.",
        Query(a_minute("market_events_sent_total", "type"), "{{type}}"),
    ),
    parts(
        "Events handled a minute",
        "By who handled them and how that ended: waits is an outage, failed is tried again, dead is set aside.",
        Query(a_minute("market_events_handled_total", "service, outcome"), "{{service}} {{outcome}}"),
    ),
    graph(
        "The oldest event in an outbox",
        "For how long the broker has not taken it. The line: somebody should look.",
        Query("max by (service) (market_outbox_oldest_seconds)", "{{service}}"),
        unit="s",
        marks=((60, RED),),
    ),
]


def saga() -> Json:
    """The dashboard."""
    return dashboard(
        "saga",
        "The saga",
        "How orders get on, where they wait, and what the events and the bank have to do with it.",
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
                "What went wrong",
                "Warnings and errors of orders.",
                '{service_name="orders"} | severity_number >= 13',
            ),
        ],
    )
