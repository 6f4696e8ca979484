"""Fakes of the services that a saga calls. Each does what it guarantees: it takes effect once for an order."""

from dataclasses import dataclass
from enum import Enum, auto

from orders.domain.saga import Outcome, Step


class Stock(Enum):
    """The state of the order's reservation at inventory."""

    NONE = auto()
    HELD = auto()
    SOLD = auto()
    RELEASED = auto()


class Money(Enum):
    """The state of the order's payment."""

    NONE = auto()
    DECLINED = auto()
    HELD = auto()
    CAPTURED = auto()
    RETURNED = auto()


class Shipment(Enum):
    """The state of the order's shipment."""

    NONE = auto()
    SHIPPED = auto()
    CANCELED = auto()


def _outcome(is_done: bool) -> Outcome:
    return Outcome.DONE if is_done else Outcome.REJECTED


@dataclass
class FakeServices:
    """All services, for one order of one unit. `available` is the number of units that any buyer can buy."""

    available: int
    card_is_good: bool
    stock: Stock = Stock.NONE
    money: Money = Money.NONE
    shipment: Shipment = Shipment.NONE
    cart_is_full: bool = True

    def do(self, step: Step) -> Outcome:
        """Do a step and return its outcome."""
        return {
            Step.RESERVE: self._reserve,
            Step.COMMIT: self._commit,
            Step.RELEASE: self._release,
            Step.AUTHORIZE: self._authorize,
            Step.CAPTURE: self._capture,
            Step.CANCEL_PAYMENT: self._cancel_payment,
            Step.CLEAR_CART: self._clear_cart,
            Step.CANCEL_SHIPMENT: self._cancel_shipment,
        }[step]()

    def expire(self) -> None:
        """Let the reservation expire, if it is not sold."""
        if self.stock is Stock.HELD:
            self._return_stock()

    def _reserve(self) -> Outcome:
        if self.stock is Stock.NONE and self.available:
            self.available, self.stock = self.available - 1, Stock.HELD
        return _outcome(self.stock is not Stock.NONE)

    def _commit(self) -> Outcome:
        if self.stock is Stock.HELD:
            self.stock = Stock.SOLD
        return _outcome(self.stock is Stock.SOLD)

    def _release(self) -> Outcome:
        if self.stock in (Stock.HELD, Stock.SOLD):
            self._return_stock()
        self.stock = Stock.RELEASED  # even if nothing was reserved, so that a delayed Reserve finds it
        return Outcome.DONE

    def _return_stock(self) -> None:
        self.available, self.stock = self.available + 1, Stock.RELEASED

    def _authorize(self) -> Outcome:
        if self.money is Money.NONE:
            self.money = Money.HELD if self.card_is_good else Money.DECLINED
        return _outcome(self.money in (Money.HELD, Money.CAPTURED))

    def _capture(self) -> Outcome:
        if self.money is Money.HELD:
            self.money = Money.CAPTURED
        return _outcome(self.money is Money.CAPTURED)

    def _cancel_payment(self) -> Outcome:
        if self.money is not Money.DECLINED:
            self.money = (
                Money.RETURNED
            )  # even if nothing was authorized, so that a delayed Authorize finds it
        return Outcome.DONE

    def _clear_cart(self) -> Outcome:
        self.cart_is_full = False
        return Outcome.DONE

    def _cancel_shipment(self) -> Outcome:
        if self.shipment is not Shipment.SHIPPED:
            self.shipment = Shipment.CANCELED
        return _outcome(self.shipment is Shipment.CANCELED)
