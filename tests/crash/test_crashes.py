"""Whichever service dies at whichever moment: no order is lost, none is paid twice, no piece goes missing.

The moments are found by running each scenario once with nobody killed, see boundary.py and hooks.py. Then each of
them gets an order of its own.
"""

from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

import pytest

from tests.crash.scenarios import SCENARIOS
from tests.crash.trials import Crash, Lane

VICTIMS = ("orders", "payments", "inventory")


def found_by_all(discoveries):
    """The boundaries that every lane has found, by service."""
    return {
        service: [boundary for boundary in first if all(boundary in found[service] for found in discoveries)]
        for service, first in discoveries[0].items()
    }


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_a_crash_at_any_boundary_loses_nothing(scenario, lanes, subtests):
    idle: SimpleQueue[Lane] = SimpleQueue()
    with ThreadPoolExecutor(len(lanes)) as pool:
        list(pool.map(lambda lane: lane.prepare(scenario), lanes))
        found = found_by_all(list(pool.map(lambda lane: lane.discover(scenario), lanes)))
        crashes = [Crash(victim, boundary) for victim in VICTIMS for boundary in found[victim]]
        for lane in lanes:
            idle.put(lane)

        def tried(crash):
            lane = idle.get()
            try:
                return lane.crash(scenario, crash)
            finally:
                idle.put(lane)

        for crash, problems in zip(crashes, pool.map(tried, crashes), strict=True):
            with subtests.test(str(crash)):
                assert not problems, "; ".join(problems)
    print(f"{scenario}:", ", ".join(f"{victim} {len(found[victim])}" for victim in VICTIMS))
