import re

import pytest

from tools.audit.report import Report, Row
from tools.audit.rules import Violation
from tools.audit.rules.rule import dollars
from tools.audit.runner import watch
from tools.audit.tests.unit.example import example_snapshot

ROWS = [Row("stock", "10 - 1 sold", "inventory: 9"), Row("emails", "1 email", "notifications: 1")]


def report(number=0):
    return Report([Violation("stock", f"bowl-{n}", "9 units instead of 8") for n in range(number)], ROWS)


def test_the_table_has_a_verdict_for_each_rule():
    assert report(2).table().splitlines() == [
        "compared  expected     found",
        "stock     10 - 1 sold  inventory: 9      2 wrong",
        "emails    1 email      notifications: 1  ok",
    ]


def test_the_table_has_the_figures_of_both_sides():
    lines = watch(example_snapshot, grace=0).table().splitlines()
    assert [re.split("  +", line) for line in lines[1:]] == [
        ["orders", "lines $490.00 + $35.00", "orders: 7, $525.00", "ok"],
        ["deadlines", "nothing overdue", "unfinished: 1 order, 1 shipment", "ok"],
        ["shipments", "2 orders, 1 shipped", "shipping: 1 of 3 shipped", "ok"],
        ["completed: money", "2 orders, $150.00", "bank: 2 captures, $150.00", "ok"],
        ["canceled: money", "4 orders, nothing charged", "bank: $0.00 held, $0.00 charged", "ok"],
        ["unfinished: money", "1 order, $75.00", "bank: $75.00 held, $0.00 charged", "ok"],
        ["ledger", "10 entries, $225.00", "bank: $75.00 held, $150.00 charged", "ok"],
        ["payments", "2 charged, $150.00", "payments: 2, $150.00", "ok"],
        ["completed: stock", "2 orders, 6 units", "inventory: 2 orders, 6 sold", "ok"],
        ["canceled: stock", "4 orders, 3 units sold", "inventory: 3 returned", "ok"],
        ["reservations", "7 orders", "inventory: 2 of 6 committed", "ok"],
        ["stock", "115 - 9 sold + 3 back", "inventory: 106 + 3 held", "ok"],
        ["emails", "5 emails", "notifications: 5, 0 waiting", "ok"],
        ["mail folder", "5 emails sent", "5 files", "ok"],
        ["recommendations", "3 orders + seed, 10 lines", "counted: 3 orders, 10 lines", "ok"],
        ["outboxes", "no event waiting", "orders and shipping: 0 waiting", "ok"],
        ["dead letters", "no event dead-lettered", "NATS: 0 dead-lettered", "ok"],
    ]


@pytest.mark.parametrize(("cents", "text"), [(0, "$0.00"), (1999, "$19.99"), (-123_456_07, "-$123,456.07")])
def test_amounts_are_formatted_in_dollars(cents, text):
    assert dollars(cents) == text


def test_the_report_shows_ten_violations_of_a_rule_and_the_number_of_the_others():
    lines = report(13).details().splitlines()
    assert lines[:2] == ["stock", "  bowl-0: 9 units instead of 8"]
    assert lines[-1] == "  and 3 more: make audit V=1"
    assert len(lines) == 12


def test_the_report_can_show_all_violations():
    assert len(report(13).details(show_all=True).splitlines()) == 14


def test_a_report_without_violations_is_clean():
    assert report().is_clean
    assert not report(1).is_clean
