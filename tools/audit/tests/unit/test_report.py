import re

import pytest

from tools.audit.reconciliation import watch
from tools.audit.report import Report, Row
from tools.audit.rules import Finding
from tools.audit.rules.findings import dollars
from tools.audit.tests.unit.fabricated import a_market

ROWS = [Row("stock", "10 - 1 sold", "inventory: 9"), Row("mails", "1 mail", "notifications: 1")]


def report(number=0):
    return Report([Finding("stock", f"bowl-{n}", "9 pieces instead of 8") for n in range(number)], ROWS)


def test_the_table_says_of_each_rule_whether_all_is_well():
    assert report(2).table().splitlines() == [
        "compared  expected     found",
        "stock     10 - 1 sold  inventory: 9      2 wrong",
        "mails     1 mail       notifications: 1  ok",
    ]


def test_the_table_tells_how_many_and_how_much_there_is_on_either_side():
    lines = watch(a_market, patience=0).table().splitlines()
    assert [re.split("  +", line) for line in lines[1:]] == [
        ["orders", "lines $490.00 + $35.00", "orders: 7, $525.00", "ok"],
        ["deadlines", "none waits for too long", "unfinished: 1 order, 1 shipment", "ok"],
        ["sold: money", "2 orders, $150.00", "bank: 2 captures, $150.00", "ok"],
        ["cancelled: money", "4 orders, nothing kept", "bank: $0.00 held, $0.00 taken", "ok"],
        ["unfinished: money", "1 order, $75.00", "bank: $75.00 held, $0.00 taken", "ok"],
        ["ledger", "10 entries, $225.00", "bank: $75.00 held, $150.00 taken", "ok"],
        ["payments", "2 charged, $150.00", "payments: 2, $150.00", "ok"],
        ["sold: pieces", "2 orders, 6 pieces", "inventory: 2 orders, 6 sold", "ok"],
        ["cancelled: pieces", "4 orders, 3 pieces sold", "inventory: 3 returned", "ok"],
        ["reservations", "7 orders", "inventory: 2 of 6 committed", "ok"],
        ["stock", "115 - 9 sold + 3 back", "inventory: 106 + 3 held", "ok"],
        ["shipments", "2 orders, 1 shipped", "shipping: 1 of 3 shipped", "ok"],
        ["mails", "5 mails", "notifications: 5, 0 waiting", "ok"],
        ["mail folder", "5 mails sent", "5 files", "ok"],
        ["recommendations", "3 orders + seed, 10 lines", "learned: 3 orders, 10 lines", "ok"],
        ["outboxes", "no event waits", "orders and shipping: 0 waiting", "ok"],
        ["dead letters", "no event is set aside", "broker: 0 set aside", "ok"],
    ]


@pytest.mark.parametrize(("cents", "text"), [(0, "$0.00"), (1999, "$19.99"), (-123_456_07, "-$123,456.07")])
def test_amounts_are_told_in_dollars(cents, text):
    assert dollars(cents) == text


def test_ten_findings_of_a_rule_are_shown_and_how_many_more_there_are():
    lines = report(13).details().splitlines()
    assert lines[:2] == ["stock", "  bowl-0: 9 pieces instead of 8"]
    assert lines[-1] == "  and 3 more: make audit V=1"
    assert len(lines) == 12


def test_all_findings_are_shown_to_who_asks():
    assert len(report(13).details(all_of_them=True).splitlines()) == 14


def test_a_report_without_findings_is_clean():
    assert report().is_clean
    assert not report(1).is_clean
