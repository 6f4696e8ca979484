"""One order, its workers and the services that they call, with crashes, delays and lost responses at every moment."""

from dataclasses import dataclass
from enum import Enum, auto

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from orders.domain.orders import State
from orders.domain.saga import (
    FIRST,
    Outcome,
    Step,
    compensation_on_cancel,
    compensation_on_timeout,
    transition,
)
from services.orders.tests.unit.fakes import FakeServices, Money, Shipment, Stock

BOUGHT = (State.CONFIRMED, State.SHIPPED)
INDEX = st.integers(0, 7)  # modulo the number of items
STEPS = st.integers(0, 6)  # steps without a fault, before one with a fault


@dataclass
class Request:
    """A request to a service. `outcome` is the service's answer, or None while the request is under way."""

    step: Step
    outcome: Outcome | None = None


@dataclass
class Worker:
    """A worker that executes the order, perhaps after its lease has ended. It waits for `request`."""

    lease: int
    step: Step | None
    request: Request | None = None


class Fault(Enum):
    """What happens to a request, as the worker sees it."""

    NONE = auto()
    RESPONSE_LOST = auto()
    DELAYED = auto()  # if it arrives, then after the worker has stopped waiting
    PENDING = auto()


FAULT = st.sampled_from(Fault)


class WholeSaga(RuleBasedStateMachine):
    """One order of one unit."""

    @initialize(
        available=st.sampled_from([1, 1, 0]),
        card_is_good=st.sampled_from([True, True, False]),
        steps=STEPS,
        fault=FAULT,
    )
    def an_order_is_placed(self, available, card_is_good, steps, fault):
        self.services = FakeServices(available, card_is_good)
        self.state, self.is_rejected = State.PENDING, False
        self.next_step: Step | None = FIRST
        self.lease = 0
        self.workers: list[Worker] = []
        self.delayed: list[Request] = []
        self.was_confirmed = False
        self.take_over(steps, fault)

    # The workers, as in orders/saga_executor.py. A worker that never continues has crashed.

    @precondition(lambda self: self.workers)
    @rule(index=INDEX, steps=STEPS, fault=FAULT)
    def a_worker_continues(self, index, steps, fault):
        worker = self.workers[index % len(self.workers)]
        if request := worker.request:
            worker.request = None
            self.record(worker, request.outcome or Outcome.UNKNOWN)
        self.execute(worker, steps, fault)

    @precondition(lambda self: self.delayed)
    @rule(index=INDEX)
    def a_request_arrives(self, index):
        request = self.delayed.pop(index % len(self.delayed))
        request.outcome = self.services.do(request.step)

    def execute(self, worker, steps, last_fault):
        for fault in (*[Fault.NONE] * steps, last_fault):
            if worker in self.workers:
                self.try_step(worker, fault)

    def try_step(self, worker, fault):
        if worker.step in (Step.CONFIRM, Step.CANCEL):
            self.record(worker, Outcome.DONE)
            return
        request = Request(worker.step)
        self.delayed.append(request)
        if fault in (Fault.NONE, Fault.RESPONSE_LOST):
            self.a_request_arrives(len(self.delayed) - 1)
        if fault is Fault.PENDING:
            worker.request = request
        else:
            self.record(worker, request.outcome if fault is Fault.NONE else Outcome.UNKNOWN)

    def record(self, worker, outcome):
        if worker.lease != self.lease:  # lease lost to another worker
            self.workers.remove(worker)
            return
        following = transition(worker.step, outcome)
        if outcome is Outcome.REJECTED and worker.step is not Step.CANCEL_SHIPMENT:
            self.is_rejected = True
        self.next_step, self.state = following.next_step, following.state or self.state
        self.was_confirmed = self.was_confirmed or self.state is State.CONFIRMED
        if following.is_final and following.next_step:
            worker.step = following.next_step
        else:
            self.workers.remove(worker)

    # The order is taken over. Its lease can end at any moment, without the worker noticing.

    @precondition(lambda self: self.next_step)
    @rule(is_too_old=st.booleans(), steps=STEPS, fault=FAULT)
    def the_sweeper_takes_over(self, is_too_old, steps, fault):
        first = compensation_on_timeout(self.state, self.next_step, self.is_rejected) if is_too_old else None
        self.take_over(steps, fault, first)

    @precondition(lambda self: self.state in (State.PENDING, State.CONFIRMED))
    @rule(steps=STEPS, fault=FAULT)
    def the_buyer_cancels(self, steps, fault):
        is_compensating = self.is_rejected and self.next_step
        if not is_compensating and (first := compensation_on_cancel(self.state, self.next_step)):
            self.take_over(steps, fault, first)

    def take_over(self, steps, fault, compensation=None):
        if compensation:
            self.next_step, self.is_rejected = compensation, True
        self.lease += 1
        self.workers.append(Worker(self.lease, self.next_step))
        self.execute(self.workers[-1], steps, fault)

    # Events outside of orders.

    @rule()
    def the_reservation_expires(self):
        self.services.expire()

    @rule(units=st.sampled_from([0, 1]))
    def other_buyers_buy_or_return_the_last_unit(self, units):
        self.services.available = units

    @precondition(lambda self: self.was_confirmed and self.services.shipment is Shipment.NONE)
    @rule()
    def the_carrier_takes_the_shipment(self):
        self.services.shipment = Shipment.SHIPPED

    @precondition(lambda self: self.services.shipment is Shipment.SHIPPED and self.state is State.CONFIRMED)
    @rule()
    def the_event_of_the_shipment_arrives(self):
        self.state = State.SHIPPED

    # Invariants at every moment, and at the end.

    @invariant()
    def money_is_captured_for_confirmed_orders_only(self):
        assert self.services.money is not Money.CAPTURED or self.was_confirmed

    @invariant()
    def a_bought_order_has_its_stock_and_its_payment_unless_its_shipment_is_canceled(self):
        if self.state in BOUGHT and self.services.shipment is not Shipment.CANCELED:
            assert self.services.stock is Stock.SOLD
            assert self.services.money in (Money.HELD, Money.CAPTURED)

    @invariant()
    def a_canceled_order_has_no_money_no_stock_and_no_shipment(self):
        if self.state is State.CANCELLED:
            assert self.services.money not in (Money.HELD, Money.CAPTURED)
            assert self.services.stock not in (Stock.HELD, Stock.SOLD)
            assert not self.was_confirmed or self.services.shipment is Shipment.CANCELED

    @invariant()
    def a_confirmed_order_is_never_pending_again(self):
        assert not self.was_confirmed or self.state is not State.PENDING

    @invariant()
    def a_cart_is_cleared_by_a_confirmed_order_only(self):
        assert self.services.cart_is_full or self.was_confirmed

    def teardown(self):
        if not hasattr(self, "services"):
            return
        self.finish()
        self.check_end()
        self.services.available += 1
        while self.delayed:  # requests that arrive after the order is finished
            self.a_request_arrives(0)
            self.check_end()

    def finish(self):
        if self.next_step:
            self.take_over(len(Step), Fault.NONE)
        assert self.next_step is None

    def check_end(self):
        self.a_bought_order_has_its_stock_and_its_payment_unless_its_shipment_is_canceled()
        self.a_canceled_order_has_no_money_no_stock_and_no_shipment()
        assert self.state in (*BOUGHT, State.CANCELLED)
        if self.state in BOUGHT:
            assert self.services.shipment is not Shipment.CANCELED
            assert self.services.money is Money.CAPTURED
            assert not self.services.cart_is_full


WholeSaga.TestCase.settings = settings(max_examples=400, stateful_step_count=12, deadline=None)
test_money_stock_and_orders_agree_whatever_fails = WholeSaga.TestCase
