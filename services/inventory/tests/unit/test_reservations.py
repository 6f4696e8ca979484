from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from inventory.domain.reservations import (
    Line,
    LinesEmpty,
    ProductNotFound,
    ProductRepeated,
    QuantityInvalid,
    Reservation,
    ReservationDiffers,
    ReservationExpired,
    ReservationReleased,
    SoldOut,
    State,
    TooManyLines,
    checked_lines,
    rejection,
)

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
HELD = Reservation("order-1", (Line("tea", 2),), State.HELD, NOON)
COMMITTED, RELEASED, EXPIRED = (
    replace(HELD, state=state) for state in (State.COMMITTED, State.RELEASED, State.EXPIRED)
)


@pytest.mark.parametrize("before", [HELD, COMMITTED])
def test_committing_a_reservation_twice_changes_nothing(before):
    assert before.committed() == COMMITTED


def test_a_released_reservation_cannot_be_committed():
    with pytest.raises(ReservationReleased):
        RELEASED.committed()


def test_an_expired_reservation_cannot_be_committed():
    with pytest.raises(ReservationExpired):
        EXPIRED.committed()


@pytest.mark.parametrize("before", [HELD, COMMITTED, RELEASED])
def test_a_reservation_can_be_released_committed_or_not(before):
    assert before.released() == RELEASED


def test_an_expired_reservation_stays_expired_when_released():
    assert EXPIRED.released() == EXPIRED


def test_a_held_reservation_expires_at_its_expiry_time_and_not_before():
    assert HELD.at(NOON - timedelta(microseconds=1)) == HELD
    assert HELD.at(NOON) == EXPIRED


def test_a_committed_reservation_does_not_expire():
    assert COMMITTED.at(NOON + timedelta(days=1)) == COMMITTED


def test_an_order_that_reserves_the_same_lines_again_gets_its_reservation():
    assert HELD.matching((Line("tea", 2),)) is HELD


def test_an_order_that_reserves_other_lines_is_rejected():
    with pytest.raises(ReservationDiffers):
        HELD.matching((Line("tea", 3),))


def test_lines_are_sorted_by_product():
    assert checked_lines([Line("tea", 1), Line("lamp", 2)]) == (Line("lamp", 2), Line("tea", 1))


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        ([], LinesEmpty),
        ([Line(f"product-{number}", 1) for number in range(51)], TooManyLines),
        ([Line("tea", 1), Line("tea", 2)], ProductRepeated),
        ([Line("tea", 0)], QuantityInvalid),
        ([Line("tea", 1), Line("lamp", -1)], QuantityInvalid),
        ([Line("tea", 100)], QuantityInvalid),
        ([Line("te\0a", 1)], ProductNotFound),
        ([Line("t" * 65, 1)], ProductNotFound),
    ],
)
def test_invalid_lines_are_rejected(lines, error):
    with pytest.raises(error):
        checked_lines(lines)


def test_the_maximum_number_of_lines_and_units_is_valid():
    assert len(checked_lines([Line(f"product-{number}", 99) for number in range(50)])) == 50


def test_the_rejection_has_the_sold_out_products_and_their_available_units():
    lines = checked_lines([Line("lamp", 2), Line("mat", 5), Line("tea", 1)])
    error = rejection(lines, {"lamp": 1, "mat": 5, "tea": 0})
    assert isinstance(error, SoldOut)
    assert error.metadata == {"lamp": "1", "tea": "0"}


def test_an_unknown_product_is_not_reported_as_sold_out():
    error = rejection(checked_lines([Line("lamp", 2), Line("moon", 1)]), {"lamp": 0})
    assert isinstance(error, ProductNotFound)
    assert "moon" in str(error)
