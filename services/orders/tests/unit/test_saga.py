import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.orders import State
from orders.domain.saga import (
    FIRST,
    SERVICE,
    Outcome,
    Step,
    compensation_on_cancel,
    compensation_on_timeout,
    retry_delay,
    transition,
)

FORWARD = [Step.RESERVE, Step.AUTHORIZE, Step.COMMIT, Step.CONFIRM, Step.CAPTURE, Step.CLEAR_CART]


def walk(outcomes, first=FIRST, state=State.PENDING):
    """Return the steps taken and the final state, if the steps have these outcomes, then only DONE."""
    taken: list[tuple[Step, Outcome]] = []
    step: Step | None = first
    while step is not None:
        outcome = next(outcomes, Outcome.DONE)
        following = transition(step, outcome)
        if following.is_final:
            taken.append((step, outcome))
        step, state = following.next_step, following.state or state
    return taken, state


def test_without_faults_the_order_is_confirmed():
    taken, state = walk(iter(()))
    assert [step for step, _ in taken] == FORWARD
    assert state is State.CONFIRMED


def test_a_sold_out_product_cancels_the_order_before_the_payment():
    taken, state = walk(iter([Outcome.REJECTED]))
    assert [step for step, _ in taken] == [Step.RESERVE, Step.RELEASE, Step.CANCEL]
    assert state is State.CANCELLED


def test_a_declined_card_releases_the_stock():
    taken, state = walk(iter([Outcome.DONE, Outcome.REJECTED]))
    assert [step for step, _ in taken] == [Step.RESERVE, Step.AUTHORIZE, Step.RELEASE, Step.CANCEL]
    assert state is State.CANCELLED


def test_an_expired_reservation_cancels_the_payment():
    taken, state = walk(iter([Outcome.DONE, Outcome.DONE, Outcome.REJECTED]))
    assert (Step.CANCEL_PAYMENT, Outcome.DONE) in taken
    assert state is State.CANCELLED


def test_nothing_is_captured_before_the_order_is_confirmed():
    taken, _ = walk(iter(()))
    steps = [step for step, _ in taken]
    assert steps.index(Step.CONFIRM) < steps.index(Step.CAPTURE)


@pytest.mark.parametrize("step", [Step.CAPTURE, Step.CLEAR_CART, Step.CANCEL_PAYMENT, Step.RELEASE])
def test_a_mandatory_step_is_retried_even_if_it_is_rejected(step):
    assert not transition(step, Outcome.REJECTED).is_final
    assert transition(step, Outcome.REJECTED).next_step == step


@pytest.mark.parametrize("step", list(Step))
def test_a_step_of_unknown_outcome_is_retried(step):
    assert not transition(step, Outcome.UNKNOWN).is_final
    assert transition(step, Outcome.UNKNOWN).next_step == step


@given(st.lists(st.sampled_from(Outcome), max_size=60))
def test_every_order_ends_confirmed_and_captured_or_fully_compensated(outcomes):
    taken, state = walk(iter(outcomes))
    done = {step for step, outcome in taken if outcome is Outcome.DONE}
    if state is State.CONFIRMED:
        assert {Step.RESERVE, Step.AUTHORIZE, Step.COMMIT, Step.CONFIRM, Step.CAPTURE} <= done
        assert not done & {Step.RELEASE, Step.CANCEL_PAYMENT, Step.CANCEL}
    else:
        assert state is State.CANCELLED
        assert Step.CAPTURE not in done
        assert Step.RESERVE not in done or Step.RELEASE in done
        assert Step.AUTHORIZE not in done or Step.CANCEL_PAYMENT in done


def test_the_cancellation_of_a_confirmed_order_starts_with_its_shipment():
    assert compensation_on_cancel(State.CONFIRMED, None) is Step.CANCEL_SHIPMENT


def test_a_cancellation_waits_for_the_capture_of_a_confirmed_order():
    assert compensation_on_cancel(State.CONFIRMED, Step.CAPTURE) is None


def test_the_cancellation_of_a_pending_order_starts_with_its_payment():
    assert compensation_on_cancel(State.PENDING, Step.AUTHORIZE) is Step.CANCEL_PAYMENT


def test_the_cancellation_of_an_order_that_is_being_compensated_continues_it():
    assert compensation_on_cancel(State.PENDING, Step.RELEASE) is Step.RELEASE


def test_an_order_that_times_out_is_compensated_like_a_canceled_order():
    assert compensation_on_timeout(State.PENDING, Step.COMMIT, is_rejected=False) is Step.CANCEL_PAYMENT


def test_an_order_that_is_being_compensated_does_not_time_out():
    assert compensation_on_timeout(State.PENDING, Step.RELEASE, is_rejected=True) is None


def test_a_confirmed_order_does_not_time_out():
    assert compensation_on_timeout(State.CONFIRMED, Step.CAPTURE, is_rejected=False) is None


def test_a_canceled_confirmed_order_returns_the_money_and_the_stock():
    taken, state = walk(iter(()), Step.CANCEL_SHIPMENT, State.CONFIRMED)
    assert [step for step, _ in taken] == [
        Step.CANCEL_SHIPMENT,
        Step.CANCEL_PAYMENT,
        Step.RELEASE,
        Step.CANCEL,
    ]
    assert state is State.CANCELLED


def test_an_order_whose_shipment_has_left_stays_shipped():
    _, state = walk(iter([Outcome.REJECTED]), Step.CANCEL_SHIPMENT, State.SHIPPED)
    assert state is State.SHIPPED


def test_retry_delays_grow_up_to_half_a_minute():
    delays = [retry_delay(attempts) for attempts in range(20)]
    assert delays == sorted(delays)
    assert (delays[0], delays[-1]) == (0.5, 30.0)


def test_every_step_has_a_service():
    assert set(SERVICE) == set(Step)
