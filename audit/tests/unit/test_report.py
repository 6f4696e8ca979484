from audit.report import Report, Row
from audit.rules import Finding

ROWS = [Row("stock", "10 - 1 sold", "inventory: 9"), Row("mails", "1 mail", "notifications: 1")]


def report(number=0):
    return Report([Finding("stock", f"bowl-{n}", "9 pieces instead of 8") for n in range(number)], ROWS)


def test_the_table_says_of_each_rule_whether_all_is_well():
    assert report(2).table().splitlines() == [
        "compared  expected     found",
        "stock     10 - 1 sold  inventory: 9      2 wrong",
        "mails     1 mail       notifications: 1  ok",
    ]


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
