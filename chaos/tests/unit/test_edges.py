"""Every way of the market has a proxy, and every kind of fault something to be done to."""

from chaos.answers import GrpcAnswers, HttpAnswers, NatsAnswers, PostgresAnswers
from chaos.edges import Edge, edges
from chaos.injection import targets
from chaos.schedule import Kind, schedule
from laptop.topology import SERVICES

FOUND = edges(SERVICES)


def test_every_call_of_the_topology_is_a_way():
    calls = {Edge(service.name, name) for service in SERVICES for name in service.calls}
    databases = {Edge(service.name, "postgres") for service in SERVICES if service.database}
    brokers = {Edge(service.name, "nats") for service in SERVICES if service.broker}
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


def test_every_kind_of_fault_has_targets_and_comes_within_half_a_minute():
    found = targets(SERVICES)
    assert set(found) == set(Kind)
    assert {fault.kind for fault in schedule(1, 30, found)} == set(Kind)
