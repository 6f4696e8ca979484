"""What the notifications count."""

from collections.abc import Callable

from prometheus_client import Counter, Gauge

from chassis.errors import Unavailable

MAILS = Counter("market_mails_total", "Mails that are done with.", ["kind", "outcome"])
_WAITING = Gauge("market_mails_waiting", "Mails that are still to be sent; NaN where the database is down.")


def watch_waiting(count: Callable[[], int]) -> None:
    """Has `count` tell how many mails wait, each time somebody looks."""

    def known() -> float:
        try:
            return count()
        except Unavailable:
            return float("nan")

    _WAITING.set_function(known)
