"""Every way of the market has a proxy, and every kind of fault something to be done to."""

from laptop import sidecars
from laptop.environment import Market
from laptop.home import Home
from tools.chaos.answers import (
    GrpcAnswers,
    HttpAnswers,
    NatsAnswers,
    PostgresAnswers,
    SecureGrpcAnswers,
    SecureHttpAnswers,
)
from tools.chaos.edges import Edge, edges
from tools.chaos.injection import targets
from tools.chaos.schedule import Kind, schedule
from topology import CANARY, SERVICES

FOUND = edges(SERVICES, mesh=False)
SECURE = edges(SERVICES, mesh=True)


def test_every_call_of_the_topology_is_a_way():
    calls = {Edge(service.name, name) for service in SERVICES for name in service.calls}
    databases = {Edge(service.name, "postgres") for service in SERVICES if service.database}
    brokers = {Edge(service.name, "nats") for service in SERVICES if service.nats}
    assert set(FOUND) - {edge for edge in FOUND if edge.caller == "gateway"} == calls | databases | brokers


def test_the_gateway_has_a_way_to_whom_it_serves_and_to_nobody_else():
    assert sorted(edge.callee for edge in FOUND if edge.caller == "gateway") == [
        "accounts", "cart", "catalog", "inventory", "orders", "recommendations", "storefront",
    ]  # fmt: skip


def test_on_each_way_an_answer_is_known_by_what_is_spoken_there():
    known = {
        "orders -> payments": GrpcAnswers,
        "payments -> bank": HttpAnswers,
        "gateway -> storefront": HttpAnswers,
        "bank -> postgres": PostgresAnswers,
        "cart -> nats": NatsAnswers,
    }
    assert {str(edge): answers for edge, answers in FOUND.items() if str(edge) in known} == known


def test_with_a_mesh_the_ways_are_the_same_and_answers_are_hidden_where_sidecars_talk_to_each_other():
    assert set(SECURE) == set(FOUND)
    changed = {FOUND[edge]: SECURE[edge] for edge in FOUND if SECURE[edge] is not FOUND[edge]}
    assert changed == {GrpcAnswers: SecureGrpcAnswers, HttpAnswers: SecureHttpAnswers}
    assert SECURE[Edge("payments", "bank")] is HttpAnswers


def test_with_a_mesh_all_that_comes_with_it_may_be_killed_too_but_who_renews_certificates(tmp_path):
    market = Market.at(Home(tmp_path), 20000)
    more = set(targets(SERVICES, mesh=True)[Kind.KILL]) - set(targets(SERVICES, mesh=False)[Kind.KILL])
    assert more == {*sidecars.commands(market), CANARY} - {sidecars.RENEWAL}


def test_every_kind_of_fault_has_targets_and_comes_within_half_a_minute():
    found = targets(SERVICES, mesh=False)
    assert set(found) == set(Kind)
    assert {fault.kind for fault in schedule(1, 30, found)} == set(Kind)
