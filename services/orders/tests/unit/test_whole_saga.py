"""An order, those who drive it and those whom they ask, with everything going wrong that can, at any moment."""

from dataclasses import dataclass
from enum import Enum, auto

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from orders.domain.orders import State
from orders.domain.saga import FIRST, Outcome, Step, after, cancelling, giving_up, settles
from services.orders.tests.unit.neighbours import Money, Neighbours, Parcel, Pieces

BOUGHT = (State.CONFIRMED, State.SHIPPED)
WHICH = st.integers(0, 7)  # of those that there are
WELL = st.integers(0, 6)  # so many steps, before one of another fate


@dataclass
class Request:
    """A request to a neighbour; `outcome` is what it answered, None as long as it is on its way."""

    step: Step
    outcome: Outcome | None = None


@dataclass
class Driver:
    """Somebody who drives the order, or believes so; `request` is what it waits for."""

    lease: int
    step: Step | None
    request: Request | None = None


class Fate(Enum):
    """What becomes of a request, as far as the one who sent it can see."""

    ANSWERED = auto()
    ANSWER_LOST = auto()
    LATE = auto()  # the driver has stopped waiting when it arrives, if ever
    NOTHING_YET = auto()


FATE = st.sampled_from(Fate)


class WholeSaga(RuleBasedStateMachine):
    """One order of one piece."""

    @initialize(
        on_shelf=st.sampled_from([1, 1, 0]),
        card_is_good=st.sampled_from([True, True, False]),
        well=WELL,
        fate=FATE,
    )
    def order_is_placed(self, on_shelf, card_is_good, well, fate):
        self.neighbours = Neighbours(on_shelf, card_is_good)
        self.state, self.is_rejected = State.PENDING, False
        self.next_step: Step | None = FIRST
        self.lease = 0
        self.drivers: list[Driver] = []
        self.on_the_way: list[Request] = []
        self.was_confirmed = False
        self.take_over(well, fate)

    # What drivers do, as orders/driver.py has it. One that never goes on has died.

    @precondition(lambda self: self.drivers)
    @rule(which=WHICH, well=WELL, fate=FATE)
    def a_driver_goes_on(self, which, well, fate):
        driver = self.drivers[which % len(self.drivers)]
        if request := driver.request:
            driver.request = None
            self.record(driver, request.outcome or Outcome.UNKNOWN)
        self.drive(driver, well, fate)

    @precondition(lambda self: self.on_the_way)
    @rule(which=WHICH)
    def a_request_arrives(self, which):
        request = self.on_the_way.pop(which % len(self.on_the_way))
        request.outcome = self.neighbours.do(request.step)

    def drive(self, driver, well, last_fate):
        for fate in (*[Fate.ANSWERED] * well, last_fate):
            if driver in self.drivers:
                self.try_step(driver, fate)

    def try_step(self, driver, fate):
        if driver.step in (Step.CONFIRM, Step.CANCEL):
            self.record(driver, Outcome.DONE)
            return
        request = Request(driver.step)
        self.on_the_way.append(request)
        if fate in (Fate.ANSWERED, Fate.ANSWER_LOST):
            self.a_request_arrives(len(self.on_the_way) - 1)
        if fate is Fate.NOTHING_YET:
            driver.request = request
        else:
            self.record(driver, request.outcome if fate is Fate.ANSWERED else Outcome.UNKNOWN)

    def record(self, driver, outcome):
        if driver.lease != self.lease:  # somebody else drives it now
            self.drivers.remove(driver)
            return
        move = after(driver.step, outcome)
        if outcome is Outcome.REJECTED and driver.step is not Step.CANCEL_SHIPMENT:
            self.is_rejected = True
        self.next_step, self.state = move.next_step, move.state or self.state
        self.was_confirmed = self.was_confirmed or self.state is State.CONFIRMED
        if settles(driver.step, outcome) and move.next_step:
            driver.step = move.next_step
        else:
            self.drivers.remove(driver)

    # Who takes the order over: its lease may end at any moment, whatever its driver believes.

    @precondition(lambda self: self.next_step)
    @rule(is_too_old=st.booleans(), well=WELL, fate=FATE)
    def the_sweeper_takes_the_order(self, is_too_old, well, fate):
        first = giving_up(self.state, self.next_step, self.is_rejected) if is_too_old else None
        self.take_over(well, fate, first)

    @precondition(lambda self: self.state in (State.PENDING, State.CONFIRMED))
    @rule(well=WELL, fate=FATE)
    def the_buyer_cancels(self, well, fate):
        is_on_its_way_back = self.is_rejected and self.next_step
        if not is_on_its_way_back and (first := cancelling(self.state, self.next_step)):
            self.take_over(well, fate, first)

    def take_over(self, well, fate, back_from=None):
        if back_from:
            self.next_step, self.is_rejected = back_from, True
        self.lease += 1
        self.drivers.append(Driver(self.lease, self.next_step))
        self.drive(self.drivers[-1], well, fate)

    # What happens elsewhere.

    @rule()
    def the_reservation_expires(self):
        self.neighbours.expire()

    @rule(pieces=st.sampled_from([0, 1]))
    def others_buy_or_return_the_last_piece(self, pieces):
        self.neighbours.on_shelf = pieces

    @precondition(lambda self: self.was_confirmed and self.neighbours.parcel is Parcel.NONE)
    @rule()
    def the_parcel_leaves(self):
        self.neighbours.parcel = Parcel.GONE

    @precondition(lambda self: self.neighbours.parcel is Parcel.GONE and self.state is State.CONFIRMED)
    @rule()
    def orders_hears_that_the_parcel_has_left(self):
        self.state = State.SHIPPED

    # What is true at every moment, and when everybody is at rest.

    @invariant()
    def money_is_taken_for_confirmed_orders_only(self):
        assert self.neighbours.money is not Money.TAKEN or self.was_confirmed

    @invariant()
    def what_is_bought_is_the_buyers_and_paid_for_unless_its_parcel_is_withheld(self):
        if self.state in BOUGHT and self.neighbours.parcel is not Parcel.CANCELLED:
            assert self.neighbours.pieces is Pieces.SOLD
            assert self.neighbours.money in (Money.HELD, Money.TAKEN)

    @invariant()
    def a_cancelled_order_has_neither_money_nor_pieces_nor_a_parcel(self):
        if self.state is State.CANCELLED:
            assert self.neighbours.money not in (Money.HELD, Money.TAKEN)
            assert self.neighbours.pieces not in (Pieces.HELD, Pieces.SOLD)
            assert not self.was_confirmed or self.neighbours.parcel is Parcel.CANCELLED

    @invariant()
    def a_confirmed_order_is_never_pending_again(self):
        assert not self.was_confirmed or self.state is not State.PENDING

    @invariant()
    def a_basket_is_emptied_by_a_confirmed_order_only(self):
        assert self.neighbours.basket_is_full or self.was_confirmed

    def teardown(self):
        if not hasattr(self, "neighbours"):
            return
        self.come_to_rest()
        self.everything_is_settled()
        self.neighbours.on_shelf += 1
        while self.on_the_way:  # what was overtaken by all that
            self.a_request_arrives(0)
            self.everything_is_settled()

    def come_to_rest(self):
        if self.next_step:
            self.take_over(len(Step), Fate.ANSWERED)
        assert self.next_step is None

    def everything_is_settled(self):
        self.what_is_bought_is_the_buyers_and_paid_for_unless_its_parcel_is_withheld()
        self.a_cancelled_order_has_neither_money_nor_pieces_nor_a_parcel()
        assert self.state in (*BOUGHT, State.CANCELLED)
        if self.state in BOUGHT:
            assert self.neighbours.parcel is not Parcel.CANCELLED
            assert self.neighbours.money is Money.TAKEN
            assert not self.neighbours.basket_is_full


WholeSaga.TestCase.settings = settings(max_examples=400, stateful_step_count=12, deadline=None)
test_whatever_goes_wrong_money_goods_and_orders_agree = WholeSaga.TestCase
