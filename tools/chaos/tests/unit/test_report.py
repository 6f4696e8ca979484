"""For which fault a request is counted, and what the report says."""

from collections import Counter

import pytest

from tools.chaos.classify import Verdict
from tools.chaos.exchanges import JSON, Exchange
from tools.chaos.injector import ActiveFault
from tools.chaos.invariants import Violation
from tools.chaos.report import NO_FAULT, fault_table, group, list_violations, rows, text
from tools.chaos.run import Plan, Result
from tools.chaos.schedule import Fault, Kind
from tools.chaos.verification import verify_exchange


def active(start, end, kind=Kind.KILL, target="orders"):
    return ActiveFault(Fault(0, 1, kind, target), start, end)


def request(sent, ended, log, status=200):
    body = b'{"id": "1"}' if status == 200 else b'{"details": [{"reason": "UPSTREAM_UNAVAILABLE"}]}'
    return verify_exchange(Exchange("GET", "/", JSON, 20.0, (), sent, ended, status, body=body), log)


def counts(requests, log):
    return {name: row.verdicts.total() for name, row in rows(requests, log).items()}


@pytest.mark.parametrize(("sent", "ended"), [(9, 11), (11, 12), (19, 25), (5, 25)])
def test_a_request_is_counted_for_a_fault_that_was_active_during_it(sent, ended):
    log = [active(10, 20)]
    assert counts([request(sent, ended, log)], log) == {"kill orders": 1}


@pytest.mark.parametrize(("sent", "ended"), [(1, 9), (21, 22)])
def test_a_request_before_or_after_a_fault_is_not_counted_for_it(sent, ended):
    log = [active(10, 20)]
    assert counts([request(sent, ended, log)], log) == {"kill orders": 0, NO_FAULT: 1}


def test_a_request_during_two_faults_is_counted_for_both():
    log = [active(10, 20), active(15, 16, Kind.PAUSE, "nats")]
    assert counts([request(14, 17, log)], log) == {"kill orders": 1, "pause nats": 1}


def test_a_violation_names_the_request_and_the_active_faults():
    found = request(11, 12.5, [active(10, 20)], status=0).violation
    assert found is not None
    assert found.where == "GET / after 1.5 s, kill orders, request id -"


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("nats", "cut nats"),
        ("gateway -> orders", "cut gateway -> service"),
        ("orders -> cart", "cut service -> service"),
        ("payments -> bank", "cut service -> bank"),
        ("orders -> postgres", "cut service -> postgres"),
    ],
)
def test_faults_of_connections_are_grouped(target, expected):
    assert group(Fault(0, 1, Kind.CUT, target)) == expected


def test_the_table_is_ordered_by_kind():
    log = [
        active(1, 2, Kind.FILL, "nats"),
        active(1, 2, Kind.KILL_BACKEND, "postgres"),
        active(1, 2),
        active(3, 4),
    ]
    table = fault_table(rows([request(10, 11, log), request(1, 1.5, log[:1], 503)], log))
    assert [line.split()[:-5] for line in table.splitlines()[1:]] == [
        ["(none)"], ["kill", "orders", "2"], ["kill", "backend", "postgres", "1"], ["fill", "nats", "1"],
    ]  # fmt: skip
    assert table.splitlines()[-1].split() == ["fill", "nats", "1", "1", "0", "1", "0", "0"]


def test_violations_are_grouped_with_examples_and_the_most_frequent_come_first():
    violations = [
        Violation("rare", "here"),
        *(Violation("frequent", f"place {number}") for number in range(7)),
    ]
    assert list_violations(violations).splitlines() == [
        "7 x frequent", *(f"    place {number}" for number in range(5)), "1 x rare", "    here",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("violations", "expected"),
    [
        (
            [],
            [
                "Violations: none. Nothing was lost, and every request got a clear response.",
                "Run it again: make chaos SEED=7 MINUTES=0.5 MESH=1",
            ],
        ),
        (
            [Violation("late response", "GET /")],
            [
                "Violations: 1\n1 x late response\n    GET /",
                "Run it again: make chaos SEED=7 MINUTES=0.5 MESH=1 KEEP=1",
            ],
        ),
    ],
)
def test_the_report_ends_with_the_violations_and_the_command_that_repeats_the_run(violations, expected):
    result = Result([], [active(1, 2)], Counter({"shipped": 3}), None, violations)
    assert text(result, Plan(7, 30, mesh=True)).split("\n\n")[-2:] == expected


def test_a_clear_error_is_not_a_violation():
    assert request(1, 2, [], 503).verdict is Verdict.CLEAR_ERROR
