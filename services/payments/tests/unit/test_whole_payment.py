"""One payment, many who ask for it at once, and a bank whose answers get lost: at any moment, in any order."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from payments.domain.cashier import Cashier
from payments.domain.payments import (
    CardDeclined,
    Payment,
    PaymentNotAuthorized,
    PaymentNotFound,
    PaymentVoided,
    State,
    Wanted,
)
from payments.domain.steps import Goal, Outcome, Step
from services.payments.tests.unit.fakes import AFTER, BEFORE, FakeRecords, NoAnswer
from services.payments.tests.unit.turns import Died, Fate, Turn

WANTED = Wanted("order-1", 1999, "tok_visa")
REFUSALS = (CardDeclined, PaymentNotAuthorized, PaymentNotFound, PaymentVoided)
GOALS = st.sampled_from(Goal)
ENDS = (State.DECLINED, State.VOIDED, State.REFUNDED)
WHICH = st.integers(0, 7)  # of those that there are
WELL = st.integers(0, 8)  # so many turns, before one of another fate
FATE = st.sampled_from(Fate)


class Bank:
    """Takes each key once, as the real one does; `moves` are its books, `late` what is still on its way there."""

    def __init__(self, card_is_good: bool) -> None:
        self._card_is_good = card_is_good
        self._answered: dict[str, Outcome] = {}
        self.state: State | None = None
        self.moves: list[Step] = []
        self.late: list[tuple[Step, Payment]] = []

    @property
    def has_money(self) -> bool:
        return self.state in (State.AUTHORIZED, State.CAPTURED)

    def take(self, step: Step, payment: Payment) -> Outcome:
        key = step.key(payment.order_id)
        if key in self._answered:
            return self._answered[key]
        if step is Step.AUTHORIZE and not self._card_is_good:
            return self._answer(key, Outcome(State.DECLINED, "auth_1", "CARD_DECLINED"))
        if step is not Step.AUTHORIZE and self.state is not BEFORE[step]:
            assert self.state is not None, "somebody asks for money that was never held"
            return Outcome(self.state, "auth_1")
        self.moves.append(step)
        return self._answer(key, Outcome(AFTER[step], "auth_1"))

    def _answer(self, key: str, outcome: Outcome) -> Outcome:
        self.state, self._answered[key] = outcome.state, outcome
        return outcome


class Asker:
    """Records and bank as one who asks sees them: whatever he does, others may have been quicker."""

    def __init__(self, turn: Turn, records: FakeRecords, bank: Bank) -> None:
        self._turn = turn
        self._records = records
        self._bank = bank

    def do(self, step: Step, payment: Payment) -> Outcome:
        fate = self._turn.stand()
        if fate is Fate.LATE:
            self._bank.late.append((step, payment))
            raise NoAnswer
        outcome = self._bank.take(step, payment)
        if fate is Fate.ANSWER_LOST:
            raise NoAnswer
        return outcome

    def find(self, order_id: str) -> Payment | None:
        self._turn.stand()
        return self._records.find(order_id)

    def add(self, wanted: Wanted) -> Payment | None:
        self._turn.stand()
        return self._records.add(wanted)

    def add_voided(self, order_id: str) -> Payment | None:
        self._turn.stand()
        return self._records.add_voided(order_id)

    def change(self, payment: Payment, outcome: Outcome) -> Payment:
        self._turn.stand()
        return self._records.change(payment, outcome)


class WholePayment(RuleBasedStateMachine):
    """The payment of one order."""

    @initialize(card_is_good=st.sampled_from([True, True, False]))
    def an_order_is_there(self, card_is_good):
        self.records, self.bank = FakeRecords(), Bank(card_is_good)
        self.turns: list[Turn] = []
        self.is_cancelled = False

    @rule(goal=GOALS, well=WELL, fate=FATE)
    def somebody_asks(self, goal, well, fate):
        def work(turn):
            asker = Asker(turn, self.records, self.bank)
            cashier = Cashier(asker, asker)
            if goal is Goal.AUTHORIZE:
                return cashier.authorize(WANTED)
            if goal is Goal.CAPTURE:
                return cashier.capture(WANTED.order_id)
            cashier.cancel(WANTED.order_id)
            self.is_cancelled = True

        self.turns.append(Turn(work))
        self.let_go_on(self.turns[-1], well, fate)

    @precondition(lambda self: self.turns)
    @rule(which=WHICH, well=WELL, fate=FATE)
    def somebody_goes_on(self, which, well, fate):
        self.let_go_on(self.turns[which % len(self.turns)], well, fate)

    @precondition(lambda self: self.bank.late)
    @rule(which=WHICH)
    def a_late_request_arrives(self, which):
        self.bank.take(*self.bank.late.pop(which % len(self.bank.late)))

    def let_go_on(self, turn, well, last_fate):
        for fate in (*[Fate.WELL] * well, last_fate):
            if not turn.is_over:
                turn.go_on(fate)
        if turn.is_over:
            self.turns.remove(turn)
            assert turn.error is None or isinstance(turn.error, (NoAnswer, Died, *REFUSALS)), turn.error

    @invariant()
    def at_most_one_hold_and_one_capture_are_made(self):
        assert max(map(self.bank.moves.count, Step)) <= 1

    @invariant()
    def once_it_was_cancelled_nothing_is_held_and_it_stays_so(self):
        if self.is_cancelled:
            assert not self.bank.has_money
            assert self.records.kept[WANTED.order_id].state in ENDS

    @invariant()
    def nothing_is_recorded_that_the_bank_has_not_done(self):
        payment = self.records.find(WANTED.order_id)
        if payment and payment.state in (State.CAPTURED, State.REFUNDED):
            assert Step.CAPTURE in self.bank.moves

    def teardown(self):
        if not hasattr(self, "bank"):
            return
        for turn in self.turns[:]:
            self.let_go_on(turn, 30, Fate.WELL)
            self.check()
        assert not self.turns
        self.somebody_asks(Goal.CANCEL, 30, Fate.WELL)
        assert self.is_cancelled
        while self.bank.late:
            self.check()
            self.a_late_request_arrives(0)
        self.check()

    def check(self):
        self.at_most_one_hold_and_one_capture_are_made()
        self.once_it_was_cancelled_nothing_is_held_and_it_stays_so()
        self.nothing_is_recorded_that_the_bank_has_not_done()


WholePayment.TestCase.settings = settings(max_examples=300, stateful_step_count=12, deadline=None)
test_whoever_asks_and_whatever_is_lost_no_order_is_charged_twice_or_held_for_nothing = WholePayment.TestCase
