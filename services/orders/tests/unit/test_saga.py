import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.orders import State
from orders.domain.saga import FIRST, SERVICE, Outcome, Step, after, cancelling, giving_up, pause, settles

FORWARD = [Step.RESERVE, Step.AUTHORIZE, Step.COMMIT, Step.CONFIRM, Step.CAPTURE, Step.CLEAR_CART]


def walk(outcomes, first=FIRST, state=State.PENDING):
    """The steps taken and the state in the end, with these outcomes and then none but good ones."""
    taken: list[tuple[Step, Outcome]] = []
    step: Step | None = first
    while step is not None:
        outcome = next(outcomes, Outcome.DONE)
        if settles(step, outcome):
            taken.append((step, outcome))
        move = after(step, outcome)
        step, state = move.next_step, move.state or state
    return taken, state


def test_when_all_goes_well_the_order_is_confirmed():
    taken, state = walk(iter(()))
    assert [step for step, _ in taken] == FORWARD
    assert state is State.CONFIRMED


def test_a_sold_out_product_cancels_the_order_before_any_money_is_asked_for():
    taken, state = walk(iter([Outcome.REJECTED]))
    assert [step for step, _ in taken] == [Step.RESERVE, Step.RELEASE, Step.CANCEL]
    assert state is State.CANCELLED


def test_a_declined_card_gives_the_pieces_back():
    taken, state = walk(iter([Outcome.DONE, Outcome.REJECTED]))
    assert [step for step, _ in taken] == [Step.RESERVE, Step.AUTHORIZE, Step.RELEASE, Step.CANCEL]
    assert state is State.CANCELLED


def test_a_reservation_that_expired_lets_the_money_go():
    taken, state = walk(iter([Outcome.DONE, Outcome.DONE, Outcome.REJECTED]))
    assert (Step.CANCEL_PAYMENT, Outcome.DONE) in taken
    assert state is State.CANCELLED


def test_nothing_is_captured_before_the_order_is_confirmed():
    taken, _ = walk(iter(()))
    steps = [step for step, _ in taken]
    assert steps.index(Step.CONFIRM) < steps.index(Step.CAPTURE)


@pytest.mark.parametrize("step", [Step.CAPTURE, Step.CLEAR_CART, Step.CANCEL_PAYMENT, Step.RELEASE])
def test_what_must_happen_is_tried_again_even_when_it_is_refused(step):
    assert after(step, Outcome.REJECTED).next_step == step


@pytest.mark.parametrize("step", list(Step))
def test_an_unknown_outcome_never_leads_anywhere_but_to_another_try(step):
    assert after(step, Outcome.UNKNOWN).next_step == step
    assert not settles(step, Outcome.UNKNOWN)


@given(st.lists(st.sampled_from(Outcome), max_size=60))
def test_every_order_ends_confirmed_and_captured_or_cancelled_with_everything_given_back(outcomes):
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


def test_cancelling_a_confirmed_order_begins_with_its_parcel():
    assert cancelling(State.CONFIRMED, None) is Step.CANCEL_SHIPMENT


def test_cancelling_waits_while_a_confirmed_order_is_being_captured():
    assert cancelling(State.CONFIRMED, Step.CAPTURE) is None


def test_cancelling_an_unconfirmed_order_begins_with_its_payment():
    assert cancelling(State.PENDING, Step.AUTHORIZE) is Step.CANCEL_PAYMENT


def test_cancelling_an_order_on_its_way_back_changes_nothing():
    assert cancelling(State.PENDING, Step.RELEASE) is Step.RELEASE


def test_an_order_that_is_given_up_goes_back_as_if_its_buyer_had_cancelled_it():
    assert giving_up(State.PENDING, Step.COMMIT, is_rejected=False) is Step.CANCEL_PAYMENT


def test_an_order_on_its_way_back_keeps_its_own_reason():
    assert giving_up(State.PENDING, Step.RELEASE, is_rejected=True) is None


def test_a_confirmed_order_is_never_given_up():
    assert giving_up(State.CONFIRMED, Step.CAPTURE, is_rejected=False) is None


def test_a_cancelled_confirmed_order_gives_the_money_and_the_pieces_back():
    taken, state = walk(iter(()), Step.CANCEL_SHIPMENT, State.CONFIRMED)
    assert [step for step, _ in taken] == [
        Step.CANCEL_SHIPMENT,
        Step.CANCEL_PAYMENT,
        Step.RELEASE,
        Step.CANCEL,
    ]
    assert state is State.CANCELLED


def test_a_parcel_that_has_left_keeps_its_order_as_it_is():
    _, state = walk(iter([Outcome.REJECTED]), Step.CANCEL_SHIPMENT, State.SHIPPED)
    assert state is State.SHIPPED


def test_pauses_grow_up_to_half_a_minute():
    pauses = [pause(attempts) for attempts in range(20)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (0.5, 30.0)


def test_every_step_says_which_service_does_it():
    assert set(SERVICE) == set(Step)
