"""The services that a saga asks, as small as their promises: each takes effect once for an order, and remembers."""

from dataclasses import dataclass
from enum import Enum, auto

from orders.domain.saga import Outcome, Step


class Pieces(Enum):
    """What inventory keeps for the order."""

    NONE = auto()
    HELD = auto()
    SOLD = auto()
    GIVEN_BACK = auto()


class Money(Enum):
    """Where the order's money is."""

    NOT_ASKED = auto()
    DECLINED = auto()
    HELD = auto()
    TAKEN = auto()
    LET_GO = auto()


class Parcel(Enum):
    """Where the order's parcel is."""

    NONE = auto()
    GONE = auto()
    CANCELLED = auto()


def _answer(is_well: bool) -> Outcome:
    return Outcome.DONE if is_well else Outcome.REJECTED


@dataclass
class Neighbours:
    """All of them, for one order of one piece; `on_shelf` can be bought by anybody."""

    on_shelf: int
    card_is_good: bool
    pieces: Pieces = Pieces.NONE
    money: Money = Money.NOT_ASKED
    parcel: Parcel = Parcel.NONE
    basket_is_full: bool = True

    def do(self, step: Step) -> Outcome:
        """Does what a request asks for, and says how it ended."""
        return {
            Step.RESERVE: self._reserve,
            Step.COMMIT: self._commit,
            Step.RELEASE: self._release,
            Step.AUTHORIZE: self._authorize,
            Step.CAPTURE: self._capture,
            Step.CANCEL_PAYMENT: self._cancel_payment,
            Step.CLEAR_CART: self._clear_basket,
            Step.CANCEL_SHIPMENT: self._withhold,
        }[step]()

    def expire(self) -> None:
        """The reservation was not sold in time."""
        if self.pieces is Pieces.HELD:
            self._give_back()

    def _reserve(self) -> Outcome:
        if self.pieces is Pieces.NONE and self.on_shelf:
            self.on_shelf, self.pieces = self.on_shelf - 1, Pieces.HELD
        return _answer(self.pieces is not Pieces.NONE)

    def _commit(self) -> Outcome:
        if self.pieces is Pieces.HELD:
            self.pieces = Pieces.SOLD
        return _answer(self.pieces is Pieces.SOLD)

    def _release(self) -> Outcome:
        if self.pieces in (Pieces.HELD, Pieces.SOLD):
            self._give_back()
        self.pieces = Pieces.GIVEN_BACK  # also where nothing was kept: a Reserve that comes later finds it
        return Outcome.DONE

    def _give_back(self) -> None:
        self.on_shelf, self.pieces = self.on_shelf + 1, Pieces.GIVEN_BACK

    def _authorize(self) -> Outcome:
        if self.money is Money.NOT_ASKED:
            self.money = Money.HELD if self.card_is_good else Money.DECLINED
        return _answer(self.money in (Money.HELD, Money.TAKEN))

    def _capture(self) -> Outcome:
        if self.money is Money.HELD:
            self.money = Money.TAKEN
        return _answer(self.money is Money.TAKEN)

    def _cancel_payment(self) -> Outcome:
        if self.money is not Money.DECLINED:
            self.money = Money.LET_GO  # also where none was asked for: an Authorize that comes later finds it
        return Outcome.DONE

    def _clear_basket(self) -> Outcome:
        self.basket_is_full = False
        return Outcome.DONE

    def _withhold(self) -> Outcome:
        if self.parcel is not Parcel.GONE:
            self.parcel = Parcel.CANCELLED
        return _answer(self.parcel is Parcel.CANCELLED)
