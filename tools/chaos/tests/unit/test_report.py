"""Which fault a request is counted for, and what the table shows."""

import pytest

from tools.chaos.client import DATA, Exchange
from tools.chaos.injection import Force
from tools.chaos.judging import Judgement, Verdict
from tools.chaos.report import NO_FAULT, group, judged_at_last, rows, shown
from tools.chaos.schedule import Fault, Kind

WELL = Judgement(Verdict.WELL)
SILENT = Judgement(Verdict.UNANSWERED, "no answer (reset)")


def force(begun, ended, kind=Kind.KILL, target="orders"):
    return Force(Fault(0, 1, kind, target), begun, ended)


def request(sent, ended, judgement=WELL, forces=()):
    return judged_at_last(Exchange("GET", "/", DATA, 2.0, sent, ended), judgement, forces)


def counted(requests, forces):
    return {name: row.verdicts.total() for name, row in rows(requests, forces).items()}


@pytest.mark.parametrize(("sent", "ended"), [(9, 11), (11, 12), (19, 25), (5, 30)])
def test_a_request_is_counted_for_a_fault_that_it_met(sent, ended):
    forces = [force(10, 20)]
    assert counted([request(sent, ended, forces=forces)], forces) == {"kill orders": 1}


@pytest.mark.parametrize(("sent", "ended"), [(1, 9), (21, 22)])
def test_a_request_before_or_after_is_not(sent, ended):
    forces = [force(10, 20)]
    assert counted([request(sent, ended, forces=forces)], forces) == {"kill orders": 0, NO_FAULT: 1}


def test_a_request_that_meets_two_faults_is_counted_for_both():
    forces = [force(10, 20), force(15, 16, Kind.STOP, "nats")]
    assert counted([request(14, 17, forces=forces)], forces) == {"kill orders": 1, "stop nats": 1}


def test_no_answer_is_excused_where_the_gateway_was_the_victim():
    assert request(11, 12, SILENT, [force(10, 20, target="gateway")]).verdict is Verdict.UNANSWERED


@pytest.mark.parametrize("verdict", [Verdict.UNANSWERED, Verdict.LATE])
def test_no_answer_or_a_late_one_is_a_finding_elsewhere(verdict):
    found = request(11, 12, Judgement(verdict, "why"), [force(10, 20)])
    assert found.finding is not None
    assert (found.finding.what, "kill orders" in found.finding.where) == ("why", True)


@pytest.mark.parametrize(
    ("kind", "target", "verdict"),
    [
        (Kind.CUT, "gateway -> storefront", Verdict.UNANSWERED),
        (Kind.KILL, "storefront", Verdict.UNANSWERED),
        (Kind.KILL, "gateway", Verdict.UNANSWERED),
        (Kind.CUT, "storefront -> catalog", Verdict.FINDING),
    ],
)
def test_an_answer_that_breaks_off_is_excused_where_who_answers_was_the_victim(kind, target, verdict):
    broken_off = Judgement(Verdict.BROKE_OFF, "no answer (IncompleteRead)")
    assert request(11, 12, broken_off, [force(10, 20, kind, target)]).verdict is verdict


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
def test_ways_are_grouped_by_their_ends(target, expected):
    assert group(Fault(0, 1, Kind.CUT, target)) == expected


def test_the_table_is_in_the_order_of_the_kinds():
    forces = [
        force(1, 2, Kind.FILL, "nats"),
        force(1, 2, Kind.KILL_BACKEND, "postgres"),
        force(1, 2),
        force(3, 4),
    ]
    table = shown(rows([request(10, 11), request(1, 2, Judgement(Verdict.CLEAR_ERROR), forces)], forces))
    assert [line.split()[:-5] for line in table.splitlines()[1:]] == [
        ["(no", "fault)"], ["kill", "orders", "2"], ["kill", "a", "backend", "of", "postgres", "1"],
        ["fill", "nats", "1"],
    ]  # fmt: skip
    assert table.splitlines()[-1].split() == ["fill", "nats", "1", "1", "0", "1", "0", "0"]
