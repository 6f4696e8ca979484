from datetime import UTC, datetime, timedelta

import pytest

from storefront.domain.orders import (
    Address,
    FormExpired,
    JourneyStep,
    Order,
    OrderState,
    new_idempotency_key,
    parse_idempotency_key,
)

PLACED = datetime(2026, 5, 1, 20, tzinfo=UTC)


def order(state=OrderState.CONFIRMED):
    return Order("1", state, (), Address(), 0, 0, 0, "", PLACED, "", ())


def step(seconds):
    return JourneyStep("order.place", "orders", PLACED + timedelta(seconds=seconds), "done", "")


@pytest.mark.parametrize("state", OrderState)
def test_only_a_pending_order_is_pending(state):
    assert order(state).is_pending is (state is OrderState.PENDING)


@pytest.mark.parametrize("state", OrderState)
def test_an_order_is_cancelable_until_it_ships(state):
    assert order(state).is_cancelable is (state in (OrderState.PENDING, OrderState.CONFIRMED))


def test_the_elapsed_time_starts_when_the_order_is_placed():
    assert order().elapsed(step(1.5)) == timedelta(seconds=1.5)


def test_the_elapsed_time_is_not_negative_if_clocks_differ():
    assert order().elapsed(step(-0.5)) == timedelta()


def test_a_new_idempotency_key_is_valid():
    key = new_idempotency_key()
    assert parse_idempotency_key(key) == key


def test_two_idempotency_keys_differ():
    assert new_idempotency_key() != new_idempotency_key()


@pytest.mark.parametrize("text", ["", "x", "a" * 33, "A" * 32, "ä" * 32, "a" * 31 + "\n", "0" * 5000])
def test_other_text_is_not_an_idempotency_key(text):
    with pytest.raises(FormExpired):
        parse_idempotency_key(text)
