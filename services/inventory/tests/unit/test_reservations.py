from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from inventory.domain.lines import Line
from inventory.domain.reservations import (
    OrderIdInvalid,
    Reservation,
    ReservationDiffers,
    ReservationExpired,
    ReservationReleased,
    State,
    checked_order_id,
)

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
HELD = Reservation("order-1", (Line("tea", 2),), State.HELD, NOON)
COMMITTED, RELEASED, EXPIRED = (
    replace(HELD, state=state) for state in (State.COMMITTED, State.RELEASED, State.EXPIRED)
)


@pytest.mark.parametrize("before", [HELD, COMMITTED])
def test_a_reservation_can_be_committed_again_and_again(before):
    assert before.committed() == COMMITTED


def test_a_released_reservation_cannot_be_committed():
    with pytest.raises(ReservationReleased):
        RELEASED.committed()


def test_an_expired_reservation_cannot_be_committed():
    with pytest.raises(ReservationExpired):
        EXPIRED.committed()


@pytest.mark.parametrize("before", [HELD, COMMITTED, RELEASED])
def test_a_reservation_can_be_released_sold_or_not(before):
    assert before.released() == RELEASED


def test_an_expired_reservation_stays_expired_when_released():
    assert EXPIRED.released() == EXPIRED


def test_a_held_reservation_expires_at_its_time_and_not_before():
    assert HELD.at(NOON - timedelta(microseconds=1)) == HELD
    assert HELD.at(NOON) == EXPIRED


def test_what_is_sold_does_not_expire():
    assert COMMITTED.at(NOON + timedelta(days=1)) == COMMITTED


def test_an_order_that_asks_for_the_same_again_gets_its_reservation():
    assert HELD.same((Line("tea", 2),)) is HELD


def test_an_order_that_asks_for_something_else_is_refused():
    with pytest.raises(ReservationDiffers):
        HELD.same((Line("tea", 3),))


@pytest.mark.parametrize("order_id", ["", "x" * 65, "a\0b"])
def test_an_id_that_no_order_has_is_refused(order_id):
    with pytest.raises(OrderIdInvalid):
        checked_order_id(order_id)
