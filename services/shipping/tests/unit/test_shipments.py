import re

import pytest

from shipping.domain.shipments import OrderIdInvalid, check_digit, checked_order_id, tracking_number


def test_the_check_digit_is_the_one_of_the_standard():
    assert check_digit("47312482") == 9


def test_a_wrong_digit_changes_the_check_digit():
    right = "47312482"
    wrong = {right[:place] + digit + right[place + 1 :] for place in range(8) for digit in "0123456789"} - {
        right
    }
    assert check_digit(right) not in {check_digit(serial) for serial in wrong}


def test_a_tracking_number_has_the_form_of_the_standard():
    assert re.fullmatch(r"CM\d{9}NL", tracking_number(1))


def test_tracking_numbers_differ():
    assert len({tracking_number(parcel) for parcel in range(1, 10_001)}) == 10_000


def test_consecutive_tracking_numbers_do_not_look_it():
    first, second = (int(tracking_number(parcel)[2:10]) for parcel in (1, 2))
    assert abs(first - second) > 1_000_000


def test_the_last_parcel_s_number_is_unlike_the_first_one_s():
    assert tracking_number(99_999_999) != tracking_number(1)


@pytest.mark.parametrize("order_id", ["", "x" * 101, "a\0b"])
def test_what_is_no_order_s_id_is_refused(order_id):
    with pytest.raises(OrderIdInvalid):
        checked_order_id(order_id)
