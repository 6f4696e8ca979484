"""Whoever dies, at whatever moment: no order is lost, none is paid twice, no piece goes missing. See README.md."""

from __future__ import annotations

import random
from math import ceil

import pytest

from orders.domain.saga import SERVICE, Step
from tests.crash.scenarios import GOOD_CARD, SCENARIOS
from tests.crash.trials import Crash

ONE_IN = 4  # boundaries of a service, of each scenario: the share that is tried where not all are
SEED = 1


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


def chosen(scenario, found, tries_all):
    """The boundaries of each service at which it shall die: all, or a share, the same each time."""
    share = 1 if tries_all else ONE_IN
    return {
        service: random.Random(f"{SEED} {scenario} {service}").sample(passed, ceil(len(passed) / share))
        for service, passed in found.items()
        if passed
    }


def told(scenario, found, chosen):
    """How many of the boundaries are tried, in words."""
    numbers = ", ".join(f"{service} {len(chosen[service])}/{len(found[service])}" for service in chosen)
    tried, there = (sum(map(len, boundaries.values())) for boundaries in (chosen, found))
    more = "" if tried == there else "; all of them: make test-crash"
    return f"{scenario}: died at {tried} of {there} boundaries ({numbers}){more}"


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_whoever_dies_the_order_ends_well_and_all_books_agree(
    scenario, lanes, subtests, tries_all, record_property
):
    discovery = lanes.discover(scenario)
    assert overlooked(discovery) == []
    fatal = chosen(scenario, discovery.boundaries, tries_all)
    record_property("crashes", told(scenario, discovery.boundaries, fatal))
    crashes = [Crash(service, (boundary,)) for service, passed in fatal.items() for boundary in passed]
    check(lanes.crash(scenario, crashes), subtests)


def test_whoever_takes_over_from_the_dead_may_die_as_well(lanes, subtests, tries_all, record_property):
    passed = lanes.discover(GOOD_CARD).boundaries["orders"]
    first = next(boundary for boundary in passed if boundary.effect.startswith("call payments."))
    found = {"orders": lanes.discover(GOOD_CARD, Crash("orders", (first,))).boundaries["orders"]}
    assert len(found["orders"]) > len(passed) / 2
    fatal = chosen(f"{GOOD_CARD}, taken over", found, tries_all)
    record_property("crashes", told(f"{GOOD_CARD}, taken over", found, fatal))
    check(
        lanes.crash(GOOD_CARD, [Crash("orders", (first, boundary)) for boundary in fatal["orders"]]), subtests
    )
