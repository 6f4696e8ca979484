import re

from shipping.domain.shipments import check_digit, tracking_number


def test_the_check_digit_is_that_of_the_standard():
    assert check_digit("47312482") == 9


def test_a_wrong_digit_changes_the_check_digit():
    right = "47312482"
    wrong = {right[:place] + digit + right[place + 1 :] for place in range(8) for digit in "0123456789"} - {
        right
    }
    assert check_digit(right) not in {check_digit(serial) for serial in wrong}


def test_a_tracking_number_has_the_format_of_the_standard():
    assert re.fullmatch(r"CM\d{9}NL", tracking_number(1))


def test_tracking_numbers_differ():
    assert len({tracking_number(number) for number in range(1, 10_001)}) == 10_000


def test_consecutive_tracking_numbers_are_far_apart():
    first, second = (int(tracking_number(shipment)[2:10]) for shipment in (1, 2))
    assert abs(first - second) > 1_000_000


def test_the_last_tracking_number_differs_from_the_first():
    assert tracking_number(99_999_999) != tracking_number(1)
