"""A crash of any service at any boundary loses no order, no payment and no stock. See README.md."""

from __future__ import annotations

import random
from math import ceil

import pytest

from orders.domain.saga import SERVICE, Step
from tests.crash.runs import Crash
from tests.crash.scenarios import SCENARIOS, VALID_CARD

SAMPLE_RATIO = 4  # one in four boundaries of a service in each scenario, unless all are requested
SEED = 1


def count(boundaries, effect):
    """The number of boundaries whose effect starts with a text, or with one of several."""
    return sum(boundary.effect.startswith(effect) for boundary in boundaries)


def missing_boundaries(discovery):
    """The boundaries that follow from the order's journey but were not found, because a hook does not work."""
    steps = [Step(step) for step in discovery.order.journey if step in set(Step)]
    found = discovery.boundaries
    done = [step for step in steps if discovery.order.journey[step] == "done"]
    payments = [step for step in steps if SERVICE[step] == "payments"]
    expected: list[tuple[str, str | tuple[str, ...], int]] = [
        ("orders", "commit", len(steps)),
        ("orders", "publish", min(1, len(discovery.order.expected_events))),
        ("payments", "send", len(payments)),
        ("bank", "answer", len(payments)),
    ]
    for service in {SERVICE[step] for step in steps} - {"orders"}:
        calls = sum(SERVICE[step] == service for step in steps)
        expected += [
            ("orders", f"call {service}.", calls),
            (service, "answer", calls),
            (service, ("statement", "commit", "change"), sum(SERVICE[step] == service for step in done)),
        ]
    return [
        f"{service}: {count(found[service], effect)} {effect} instead of {times}"
        for service, effect, times in expected
        if count(found[service], effect) < times
    ]


def check(problems, subtests):
    """Report each crash as a subtest, and the problems that belong to no crash as another."""
    for crash, found in problems.items():
        with subtests.test(str(crash or "all stores agree")):
            assert not found, "; ".join(found)


def sample(scenario, found, all_boundaries):
    """The boundaries at which each service crashes: all, or a sample that depends on the boundaries only."""
    ratio = 1 if all_boundaries else SAMPLE_RATIO
    return {
        service: random.Random(f"{SEED} {scenario} {service}").sample(reached, ceil(len(reached) / ratio))
        for service, reached in found.items()
        if reached
    }


def summary(scenario, found, chosen):
    """The number of boundaries at which a service crashes, as a line of text."""
    numbers = ", ".join(f"{service} {len(chosen[service])}/{len(found[service])}" for service in chosen)
    crashed, total = (sum(map(len, boundaries.values())) for boundaries in (chosen, found))
    more = "" if crashed == total else "; for all of them: make test-crash"
    return f"{scenario}: crashed at {crashed} of {total} boundaries ({numbers}){more}"


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_a_crash_at_any_boundary_does_not_change_the_ending(
    scenario, slots, subtests, all_boundaries, record_property
):
    discovery = slots.discover(scenario)
    assert missing_boundaries(discovery) == []
    chosen = sample(scenario, discovery.boundaries, all_boundaries)
    record_property("crashes", summary(scenario, discovery.boundaries, chosen))
    crashes = [
        Crash(service, (boundary,)) for service, boundaries in chosen.items() for boundary in boundaries
    ]
    check(slots.crash(scenario, crashes), subtests)


def test_a_second_crash_after_the_restart_does_not_change_the_ending(
    slots, subtests, all_boundaries, record_property
):
    reached = slots.discover(VALID_CARD).boundaries["orders"]
    first = next(boundary for boundary in reached if boundary.effect.startswith("call payments."))
    found = {"orders": slots.discover(VALID_CARD, Crash("orders", (first,))).boundaries["orders"]}
    assert len(found["orders"]) > len(reached) / 2
    chosen = sample(f"{VALID_CARD}, second crash", found, all_boundaries)
    record_property("crashes", summary(f"{VALID_CARD}, second crash", found, chosen))
    check(
        slots.crash(VALID_CARD, [Crash("orders", (first, boundary)) for boundary in chosen["orders"]]),
        subtests,
    )
