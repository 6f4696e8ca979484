from dataclasses import replace

import pytest

from tools.audit.runner import watch
from tools.audit.tests.unit.example import example_snapshot

DIFFERENT = {"orders": ("event-1",)}


class Clock:
    """A clock that moves only if `sleep` is called."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


def watched(outboxes, grace=10.0):
    """The report and its duration; each reading finds the next of `outboxes`, and the last one from then on.

    An item is a mapping, or a function from the time to a mapping.
    """
    clock, readings = Clock(), list(outboxes)

    def take_snapshot():
        waiting = readings.pop(0) if len(readings) > 1 else readings[0]
        return replace(example_snapshot(), outboxes=waiting(clock.now) if callable(waiting) else waiting)

    report = watch(take_snapshot, grace, clock=clock, sleep=clock.sleep)
    return report, clock.now


def test_stores_that_agree_are_read_once():
    report, seconds = watched([{}])
    assert report.is_clean
    assert seconds == 0


def test_a_transient_difference_is_no_violation():
    report, seconds = watched([DIFFERENT, DIFFERENT, {}])
    assert report.is_clean
    assert 0 < seconds < 10


def test_a_difference_that_lasts_for_the_grace_period_is_a_violation():
    report, seconds = watched([DIFFERENT])
    assert [(violation.rule, violation.id) for violation in report.violations] == [("outboxes", "event-1")]
    assert seconds == pytest.approx(10, abs=0.5)


def test_without_a_grace_period_the_first_reading_counts():
    report, seconds = watched([DIFFERENT, {}], grace=0)
    assert not report.is_clean
    assert seconds == 0


def test_each_difference_has_its_own_grace_period():
    report, seconds = watched([{"orders": ("early",)}] * 5 + [DIFFERENT])
    assert [violation.id for violation in report.violations] == ["event-1"]
    assert 10 < seconds < 20


def test_a_difference_that_comes_back_starts_its_grace_period_again():
    report, seconds = watched([DIFFERENT, {"orders": ("other",)}, DIFFERENT])
    assert [violation.id for violation in report.violations] == ["event-1"]
    assert seconds > 10.5


def test_ever_new_differences_end_the_audit_after_twice_the_grace_period():
    report, seconds = watched([lambda now: {"orders": (f"event-{now}",)}])
    assert report.is_clean
    assert report.transient == 1
    assert seconds == pytest.approx(20, abs=0.5)
