"""The fault schedule of a seed."""

from collections import Counter
from itertools import pairwise

import pytest

from tools.chaos.schedule import SLOTS, Kind, schedule

TARGETS = {
    Kind.KILL: ["orders", "nats", "postgres"],
    Kind.KILL_BACKEND: ["postgres"],
    Kind.PAUSE: ["orders", "nats", "postgres"],
    Kind.CUT: [f"a -> {number}" for number in range(30)],
    Kind.FILL: ["nats"],
}
SEEDS = range(20)


def active(faults, moment):
    return [fault for fault in faults if fault.start <= moment < fault.end]


def test_the_same_seed_gives_the_same_schedule():
    assert schedule(7, 300, TARGETS) == schedule(7, 300, TARGETS)


def test_another_seed_gives_another_schedule():
    assert schedule(7, 300, TARGETS) != schedule(8, 300, TARGETS)


@pytest.mark.parametrize("seed", SEEDS)
def test_five_minutes_have_100_to_200_faults(seed):
    assert 100 <= len(schedule(seed, 300, TARGETS)) <= 200


@pytest.mark.parametrize("seed", SEEDS)
def test_a_fault_lasts_0_2_to_8_seconds_and_ends_before_the_run(seed):
    faults = schedule(seed, 60, TARGETS)
    assert all(0.2 <= fault.duration <= 8 for fault in faults)
    assert max(fault.end for fault in faults) < 60


@pytest.mark.parametrize("seed", SEEDS)
def test_half_a_minute_has_every_kind(seed):
    assert {fault.kind for fault in schedule(seed, 30, TARGETS)} == set(TARGETS)


@pytest.mark.parametrize("seed", SEEDS)
def test_in_a_long_run_every_target_of_a_kind_comes_equally_often(seed):
    faults = schedule(seed, 1800, TARGETS)
    for kind, targets in TARGETS.items():
        counts = Counter(fault.target for fault in faults if fault.kind is kind)
        assert set(counts) == set(targets)
        assert max(counts.values()) - min(counts.values()) <= 2


@pytest.mark.parametrize("seed", SEEDS)
def test_at_most_two_faults_are_active_and_never_two_at_one_target(seed):
    faults = schedule(seed, 300, TARGETS)
    groups = [active(faults, fault.start) for fault in faults]
    assert max(map(len, groups)) == SLOTS
    assert [group for group in groups if len({fault.target for fault in group}) < len(group)] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_there_are_times_without_a_fault(seed):
    faults = schedule(seed, 300, TARGETS)
    assert [second for second in range(300) if not active(faults, second)]


def test_a_kind_waits_if_all_its_targets_are_busy():
    faults = schedule(1, 300, {Kind.FILL: ["nats"]})
    assert len(faults) > 50
    assert all(earlier.end <= later.start for earlier, later in pairwise(faults))
