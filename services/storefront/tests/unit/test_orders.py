from datetime import UTC, datetime, timedelta

import pytest

from storefront.domain.orders import Address, Order, State, Step

PLACED = datetime(2026, 5, 1, 20, tzinfo=UTC)


def order(state=State.CONFIRMED):
    return Order("1", state, (), Address(), 0, 0, 0, "", PLACED, "", ())


def step(seconds):
    return Step("order.place", "orders", PLACED + timedelta(seconds=seconds), "done", "")


@pytest.mark.parametrize("state", State)
def test_only_an_order_that_is_worked_on_is_worth_waiting_for(state):
    assert order(state).is_settled is (state is not State.PENDING)


@pytest.mark.parametrize("state", State)
def test_an_order_can_be_cancelled_until_it_has_left(state):
    assert order(state).can_be_cancelled is (state in (State.PENDING, State.CONFIRMED))


def test_a_step_is_timed_from_the_moment_of_the_order():
    assert order().since_placed(step(1.5)) == timedelta(seconds=1.5)


def test_a_step_is_never_before_the_order_even_if_clocks_differ():
    assert order().since_placed(step(-0.5)) == timedelta()
