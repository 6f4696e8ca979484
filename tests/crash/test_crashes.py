"""Whichever service dies at whichever moment: no order is lost, none is paid twice, no piece goes missing.

The moments are found by running each scenario with nobody dying, see boundary.py and hooks.py. Then each of them
gets an order of its own. At last all books are audited.
"""

from __future__ import annotations

import pytest

from tests.crash.scenarios import BUYER_LEAVES, SCENARIOS
from tests.crash.trials import Crash

# Everybody who is asked for something on behalf of an order, but the bank, which is the outside world.
VICTIMS = ("orders", "payments", "inventory", "cart", "shipping", "catalog")


def check(problems, subtests):
    """Each crash is a test of its own; what cannot be put down to one is another."""
    for crash, found in problems.items():
        with subtests.test(str(crash or "all books agree")):
            assert not found, "; ".join(found)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_whoever_dies_at_any_boundary_the_order_ends_well_and_all_books_agree(
    scenario, lanes, subtests, tell
):
    found = lanes.discover(scenario).boundaries
    crashes = [Crash(victim, (boundary,)) for victim in VICTIMS for boundary in found[victim]]
    tell(f"{scenario}: " + ", ".join(f"{victim} {len(found[victim])}" for victim in VICTIMS))
    check(lanes.crash(scenario, crashes), subtests)


def test_whoever_takes_over_from_the_dead_may_die_as_well(lanes, subtests, tell):
    first = next(
        boundary
        for boundary in lanes.discover(BUYER_LEAVES).boundaries["orders"]
        if boundary.effect.startswith("call payments.")
    )
    found = lanes.discover(BUYER_LEAVES, Crash("orders", (first,))).boundaries["orders"]
    tell(f"{BUYER_LEAVES}, taken over: orders {len(found)}")
    check(lanes.crash(BUYER_LEAVES, [Crash("orders", (first, boundary)) for boundary in found]), subtests)
