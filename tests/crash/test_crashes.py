"""Whoever dies, at whatever moment: no order is lost, none is paid twice, no piece goes missing. See README.md."""

from __future__ import annotations

import pytest

from orders.domain.saga import SERVICE, Step
from tests.crash.scenarios import GOOD_CARD, SCENARIOS
from tests.crash.trials import Crash


def count(boundaries, effect):
    """How many of the boundaries are before an effect that begins like this (or like one of these)."""
    return sum(boundary.effect.startswith(effect) for boundary in boundaries)


def overlooked(discovery):
    """Boundaries that there must be, as the order's journey shows, but that were not found: a hook that fails."""
    steps = [Step(step) for step in discovery.order.journey if step in set(Step)]
    found, done = discovery.boundaries, [step for step in steps if discovery.order.journey[step] == "done"]
    payments = [step for step in steps if SERVICE[step] == "payments"]
    expected: list[tuple[str, str | tuple[str, ...], int]] = [
        ("orders", "commit", len(steps)),
        ("orders", "publish", min(1, len(discovery.order.events))),
        ("payments", "send", len(payments)),
        ("bank", "answer", len(payments)),
    ]
    for service in {SERVICE[step] for step in steps} - {"orders"}:
        asked = sum(SERVICE[step] == service for step in steps)
        expected += [
            ("orders", f"call {service}.", asked),
            (service, "answer", asked),
            (service, ("statement", "commit", "change"), sum(SERVICE[step] == service for step in done)),
        ]
    return [
        f"{service}: {count(found[service], effect)} {effect} instead of {times}"
        for service, effect, times in expected
        if count(found[service], effect) < times
    ]


def check(problems, subtests):
    """Each crash is a test of its own, and so is what cannot be put down to one."""
    for crash, found in problems.items():
        with subtests.test(str(crash or "all books agree")):
            assert not found, "; ".join(found)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_whoever_dies_the_order_ends_well_and_all_books_agree(scenario, lanes, subtests, tell):
    discovery = lanes.discover(scenario)
    assert overlooked(discovery) == []
    found = {service: passed for service, passed in discovery.boundaries.items() if passed}
    crashes = [Crash(service, (boundary,)) for service, passed in found.items() for boundary in passed]
    told = ", ".join(f"{service} {len(passed)}" for service, passed in found.items())
    tell(f"{scenario}: {len(crashes)} boundaries ({told})")
    check(lanes.crash(scenario, crashes), subtests)


def test_whoever_takes_over_from_the_dead_may_die_as_well(lanes, subtests, tell):
    passed = lanes.discover(GOOD_CARD).boundaries["orders"]
    first = next(boundary for boundary in passed if boundary.effect.startswith("call payments."))
    found = lanes.discover(GOOD_CARD, Crash("orders", (first,))).boundaries["orders"]
    assert len(found) > len(passed) / 2
    tell(f"{GOOD_CARD}, taken over: {len(found)} boundaries of orders")
    check(lanes.crash(GOOD_CARD, [Crash("orders", (first, boundary)) for boundary in found]), subtests)
