from dataclasses import replace

import pytest

from tools.audit.reconciliation import watch
from tools.audit.tests.unit.fabricated import a_market

WRONG = {"orders": ("event-1",)}


class Clock:
    """A clock that moves by being waited for; reading books takes no time."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def wait(self, seconds):
        self.now += seconds


def watched(outboxes, patience=10.0):
    """The report on a market whose outboxes are as `outboxes` tells from one reading to the next, then as last."""
    clock, readings = Clock(), list(outboxes)

    def look():
        waiting = readings.pop(0) if len(readings) > 1 else readings[0]
        return replace(a_market(), outboxes=waiting(clock.now) if callable(waiting) else waiting)

    report = watch(look, patience, clock=clock, pause=clock.wait)
    return report, clock.now


def test_a_clean_market_is_read_once():
    report, seconds = watched([{}])
    assert report.is_clean
    assert seconds == 0


def test_what_is_on_its_way_is_no_finding():
    report, seconds = watched([WRONG, WRONG, {}])
    assert report.is_clean
    assert 0 < seconds < 10


def test_what_stays_wrong_is_a_finding_when_patience_ends():
    report, seconds = watched([WRONG])
    assert [(finding.rule, finding.id) for finding in report.findings] == [("outboxes", "event-1")]
    assert seconds == pytest.approx(10, abs=0.5)


def test_without_patience_the_first_reading_counts():
    report, seconds = watched([WRONG, {}], patience=0)
    assert not report.is_clean
    assert seconds == 0


def test_what_goes_wrong_while_others_settle_is_a_finding_when_it_has_stood_as_long():
    report, seconds = watched([{"orders": ("early",)}] * 5 + [WRONG])
    assert [finding.id for finding in report.findings] == ["event-1"]
    assert 10 < seconds < 20


def test_what_vanishes_and_comes_again_begins_anew():
    report, seconds = watched([WRONG, {"orders": ("other",)}, WRONG])
    assert [finding.id for finding in report.findings] == ["event-1"]
    assert seconds > 10.5


def test_a_market_where_something_new_is_always_on_its_way_has_no_findings():
    report, seconds = watched([lambda now: {"orders": (f"event-{now}",)}])
    assert report.is_clean
    assert report.on_their_way == 1
    assert seconds == pytest.approx(20, abs=0.5)
