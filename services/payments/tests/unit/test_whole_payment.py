"""One payment, concurrent callers, crashes, and a bank whose responses get lost, in every order."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from payments.clients import BankClient
from payments.domain.payments import (
    CardDeclined,
    Payment,
    PaymentNotAuthorized,
    PaymentNotFound,
    PaymentRequest,
    PaymentVoided,
    State,
)
from payments.domain.steps import Goal, Outcome, Step
from payments.service import PaymentService
from payments.store import Store
from services.payments.tests.unit.fakes import AFTER, BEFORE, FakeStore, NoResponse
from services.payments.tests.unit.steppable import Crashed, Fault, SteppableRun

REQUEST = PaymentRequest("order-1", 1999, "tok_visa")
EXPECTED = (CardDeclined, PaymentNotAuthorized, PaymentNotFound, PaymentVoided, NoResponse, Crashed)
GOALS = st.sampled_from(Goal)
FINAL = (State.DECLINED, State.VOIDED, State.REFUNDED)
INDEX = st.integers(0, 7)  # modulo the number of items
STEPS = st.integers(0, 8)  # steps without a fault, before one with a fault
FAULT = st.sampled_from(Fault)


class Bank:
    """Accepts each key once, as the real bank does. `moves` is its ledger, `delayed` the requests under way."""

    def __init__(self, card_is_good: bool) -> None:
        self._card_is_good = card_is_good
        self._outcomes: dict[str, Outcome] = {}
        self.state: State | None = None
        self.moves: list[Step] = []
        self.delayed: list[tuple[Step, Payment]] = []

    @property
    def has_money(self) -> bool:
        return self.state in (State.AUTHORIZED, State.CAPTURED)

    def do(self, step: Step, payment: Payment) -> Outcome:
        key = step.key(payment.order_id)
        if key in self._outcomes:
            return self._outcomes[key]
        if step is Step.AUTHORIZE and not self._card_is_good:
            return self._record(key, Outcome(State.DECLINED, "auth_1", "CARD_DECLINED"))
        if step is not Step.AUTHORIZE and self.state is not BEFORE[step]:
            assert self.state is not None, "requested money that was never held"
            return Outcome(self.state, "auth_1")
        self.moves.append(step)
        return self._record(key, Outcome(AFTER[step], "auth_1"))

    def _record(self, key: str, outcome: Outcome) -> Outcome:
        self.state, self._outcomes[key] = outcome.state, outcome
        return outcome


class SteppableBackends(Store, BankClient):
    """The store and the bank of one caller. Before each operation, another caller can be faster."""

    def __init__(self, run: SteppableRun, store: FakeStore, bank: Bank) -> None:
        self._run = run
        self._store = store
        self._bank = bank

    def do(self, step: Step, payment: Payment) -> Outcome:
        fault = self._run.stop()
        if fault is Fault.DELAYED:
            self._bank.delayed.append((step, payment))
            raise NoResponse
        outcome = self._bank.do(step, payment)
        if fault is Fault.RESPONSE_LOST:
            raise NoResponse
        return outcome

    def find(self, order_id: str) -> Payment | None:
        self._run.stop()
        return self._store.find(order_id)

    def add(self, request: PaymentRequest) -> Payment | None:
        self._run.stop()
        return self._store.add(request)

    def add_voided(self, order_id: str) -> Payment | None:
        self._run.stop()
        return self._store.add_voided(order_id)

    def change(self, payment: Payment, outcome: Outcome) -> Payment:
        self._run.stop()
        return self._store.change(payment, outcome)


class WholePayment(RuleBasedStateMachine):
    """The payment of one order."""

    @initialize(card_is_good=st.sampled_from([True, True, False]))
    def an_order_exists(self, card_is_good):
        self.store, self.bank = FakeStore(), Bank(card_is_good)
        self.runs: list[SteppableRun] = []
        self.is_canceled = False

    @rule(goal=GOALS, steps=STEPS, fault=FAULT)
    def a_caller_starts(self, goal, steps, fault):
        def work(run):
            backends = SteppableBackends(run, self.store, self.bank)
            service = PaymentService(backends, backends)
            if goal is Goal.AUTHORIZE:
                return service.authorize(REQUEST)
            if goal is Goal.CAPTURE:
                return service.capture(REQUEST.order_id)
            service.cancel(REQUEST.order_id)
            self.is_canceled = True

        self.runs.append(SteppableRun(work))
        self.advance(self.runs[-1], steps, fault)

    @precondition(lambda self: self.runs)
    @rule(index=INDEX, steps=STEPS, fault=FAULT)
    def a_caller_continues(self, index, steps, fault):
        self.advance(self.runs[index % len(self.runs)], steps, fault)

    @precondition(lambda self: self.bank.delayed)
    @rule(index=INDEX)
    def a_delayed_request_arrives(self, index):
        self.bank.do(*self.bank.delayed.pop(index % len(self.bank.delayed)))

    def advance(self, run, steps, last_fault):
        for fault in (*[Fault.NONE] * steps, last_fault):
            if not run.is_finished:
                run.step(fault)
        if run.is_finished:
            self.runs.remove(run)
            assert run.error is None or isinstance(run.error, EXPECTED), run.error

    @invariant()
    def there_is_at_most_one_hold_and_one_capture(self):
        assert max(map(self.bank.moves.count, Step)) <= 1

    @invariant()
    def after_a_cancellation_no_money_is_held(self):
        if self.is_canceled:
            assert not self.bank.has_money
            assert self.store.payments[REQUEST.order_id].state in FINAL

    @invariant()
    def the_record_is_not_ahead_of_the_bank(self):
        payment = self.store.find(REQUEST.order_id)
        if payment and payment.state in (State.CAPTURED, State.REFUNDED):
            assert Step.CAPTURE in self.bank.moves

    def teardown(self):
        if not hasattr(self, "bank"):
            return
        for run in self.runs[:]:
            self.advance(run, 30, Fault.NONE)
            self.check()
        assert not self.runs
        self.a_caller_starts(Goal.CANCEL, 30, Fault.NONE)
        assert self.is_canceled
        while self.bank.delayed:
            self.check()
            self.a_delayed_request_arrives(0)
        self.check()

    def check(self):
        self.there_is_at_most_one_hold_and_one_capture()
        self.after_a_cancellation_no_money_is_held()
        self.the_record_is_not_ahead_of_the_bank()


WholePayment.TestCase.settings = settings(max_examples=300, stateful_step_count=12, deadline=None)
test_no_order_is_charged_twice_or_held_for_nothing = WholePayment.TestCase
