"""The sweeper: drives the orders that nobody drives, because a step could not be finished or a driver died."""

import logging
import threading
from datetime import UTC, datetime, timedelta

from chassis.call import ACCOUNT_ID, TRACEPARENT, Call, answering
from chassis.errors import Refused, Unavailable
from chassis.lifecycle import Service, Stage
from orders.domain.orders import Order, Refusal, State
from orders.domain.saga import Step, cancelling
from orders.driver import Driver
from orders.store import Store

log = logging.getLogger(__name__)
TIMED_OUT = Refusal(
    Refused.code.number, "CHECKOUT_TIMED_OUT", "The order could not be finished in time; nothing was charged."
)


class Sweeper:
    """A background thread; several, in several processes, share the work."""

    def __init__(self, store: Store, driver: Driver, sweep_seconds: float, give_up_seconds: float) -> None:
        self._store = store
        self._driver = driver
        self._sweep_seconds = sweep_seconds
        self._give_up = timedelta(seconds=give_up_seconds)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)

    def start(self) -> None:
        """Begins to sweep."""
        self._thread.start()

    def stop(self) -> None:
        """Finishes the order in hand and ends."""
        self._stopping.set()
        self._thread.join(timeout=10)

    def sweep(self) -> int:
        """Drives every order that is due; returns how many there were."""
        swept = 0
        while not self._stopping.is_set() and (order := self._store.lease()):
            with answering(Call({ACCOUNT_ID: order.account_id, TRACEPARENT: order.traceparent})):
                self._driver.drive(self._given_up(order) or order)
            swept += 1
        return swept

    def _given_up(self, order: Order) -> Order | None:
        """An order that is PENDING for too long is cancelled, while its reservation still holds."""
        first = cancelling(order.state, Step(order.next_step) if order.next_step else None)
        too_old = datetime.now(UTC) - order.create_time > self._give_up
        if order.state is not State.PENDING or order.refusal or not too_old or first is None:
            return None
        log.warning("order given up", extra={"order_id": order.id, "step": order.next_step})
        return self._store.begin_cancel(order, first, TIMED_OUT)

    def _run(self) -> None:
        while not self._stopping.wait(self._sweep_seconds):
            try:
                self.sweep()
            except Unavailable as error:
                log.warning("orders wait", extra={"reason": error.reason})
            except Exception:
                log.exception("the sweeper failed; it goes on")


def attach(service: Service, sweeper: Sweeper) -> None:
    """Starts and stops the sweeper with the service."""
    service.on_start(sweeper.start)
    service.on_stop(Stage.WORKERS, sweeper.stop)
