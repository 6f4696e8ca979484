from collections import Counter
from itertools import pairwise

import pytest

from tools.chaos.schedule import LANES, Kind, schedule

TARGETS = {
    Kind.KILL: ["orders", "nats", "postgres"],
    Kind.KILL_BACKEND: ["postgres"],
    Kind.STOP: ["orders", "nats", "postgres"],
    Kind.CUT: [f"a -> {number}" for number in range(30)],
    Kind.FILL: ["nats"],
}
SEEDS = range(20)


def at_once(faults, moment):
    return [fault for fault in faults if fault.start <= moment < fault.end]


def test_the_same_seed_gives_the_same_schedule():
    assert schedule(7, 300, TARGETS) == schedule(7, 300, TARGETS)


def test_another_seed_gives_another_schedule():
    assert schedule(7, 300, TARGETS) != schedule(8, 300, TARGETS)


@pytest.mark.parametrize("seed", SEEDS)
def test_five_minutes_hold_one_to_two_hundred_faults(seed):
    assert 100 <= len(schedule(seed, 300, TARGETS)) <= 200


@pytest.mark.parametrize("seed", SEEDS)
def test_a_fault_lasts_from_a_fifth_of_a_second_to_eight_and_all_end_in_time(seed):
    faults = schedule(seed, 60, TARGETS)
    assert all(0.2 <= fault.duration <= 8 for fault in faults)
    assert max(fault.end for fault in faults) < 60


@pytest.mark.parametrize("seed", SEEDS)
def test_half_a_minute_has_every_kind(seed):
    assert {fault.kind for fault in schedule(seed, 30, TARGETS)} == set(TARGETS)


@pytest.mark.parametrize("seed", SEEDS)
def test_given_time_every_kind_comes_to_all_its_targets_equally_often(seed):
    faults = schedule(seed, 1800, TARGETS)
    for kind, targets in TARGETS.items():
        times = Counter(fault.target for fault in faults if fault.kind is kind)
        assert set(times) == set(targets)
        assert max(times.values()) - min(times.values()) <= 2


@pytest.mark.parametrize("seed", SEEDS)
def test_faults_overlap_but_never_at_one_target_nor_more_than_two(seed):
    faults = schedule(seed, 300, TARGETS)
    crowds = [at_once(faults, fault.start) for fault in faults]
    assert max(map(len, crowds)) == LANES
    assert [crowd for crowd in crowds if len({fault.target for fault in crowd}) < len(crowd)] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_there_are_moments_without_a_fault(seed):
    faults = schedule(seed, 300, TARGETS)
    assert [second for second in range(300) if not at_once(faults, second)]


def test_a_kind_whose_targets_are_all_busy_waits():
    faults = schedule(1, 300, {Kind.FILL: ["nats"]})
    assert len(faults) > 50
    assert all(earlier.end <= later.start for earlier, later in pairwise(faults))
