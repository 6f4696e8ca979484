"""Whether the market can sell: everything that a purchase goes through answers, within a second."""

from collections.abc import Callable

from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub
from prometheus_client import Gauge

from chassis.errors import AppError
from chassis.grpc_client import Channel
from chassis.metrics import watch
from storefront.aside import Aside
from storefront.clients import Clients
from storefront.kept import Kept

NEEDED = ("catalog", "inventory", "cart", "orders")
_SECONDS = 1.0
_KEPT_SECONDS = 1.0
CAN_SELL = Gauge(
    "market_can_sell", "Whether the market can sell: 1; 0 where /readyz says why not; NaN while it stops."
)


class MarketReadiness:
    """Asks the services for their health, all at the same time; an answer is kept for a second."""

    def __init__(self, clients: Clients, aside: Aside) -> None:
        self._checks: dict[str, Callable[[], str]] = {
            name: _grpc_check(clients.channels[name]) for name in NEEDED
        }
        self._checks["accounts"] = lambda: _accounts_problem(clients)
        self._aside = aside
        self._kept = Kept(self._ask, _KEPT_SECONDS)
        watch(CAN_SELL, lambda: not self.problems())

    def problems(self) -> dict[str, str]:
        """What keeps the market from selling, by service; empty where it can sell."""
        return self._kept.get()

    def _ask(self) -> dict[str, str]:
        asked = {name: self._aside.start(check) for name, check in self._checks.items()}
        found = {name: problem.result() for name, problem in asked.items()}
        return {name: problem for name, problem in found.items() if problem}


def _grpc_check(channel: Channel) -> Callable[[], str]:
    check = HealthStub(channel).Check

    def problem() -> str:
        try:
            serving = check(HealthCheckRequest(), timeout=_SECONDS).status
        except AppError:
            return "does not answer"
        return "" if serving == HealthCheckResponse.SERVING else "is not ready"

    return problem


def _accounts_problem(clients: Clients) -> str:
    try:
        clients.accounts.check(_SECONDS)
    except AppError as error:
        return "does not answer" if error.reason == "UPSTREAM_UNAVAILABLE" else "is not ready"
    return ""
