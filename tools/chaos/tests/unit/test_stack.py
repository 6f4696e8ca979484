"""Every connection of the stack has a fault proxy, and every kind of fault has targets."""

from laptop import sidecars
from laptop.stack import Stack
from laptop.state_dir import StateDir
from tools.chaos import responses
from tools.chaos.injector import targets
from tools.chaos.schedule import Kind, schedule
from tools.chaos.stack import Edge, edges
from topology import CANARY, SERVICES

PLAIN = edges(SERVICES, mesh=False)
MESH = edges(SERVICES, mesh=True)


def test_every_call_in_the_topology_is_an_edge():
    calls = {Edge(service.name, name) for service in SERVICES for name in service.calls}
    databases = {Edge(service.name, "postgres") for service in SERVICES if service.database}
    nats = {Edge(service.name, "nats") for service in SERVICES if service.nats}
    assert {edge for edge in PLAIN if edge.caller != "gateway"} == calls | databases | nats


def test_the_gateway_has_an_edge_to_each_of_its_upstreams():
    assert sorted(edge.callee for edge in PLAIN if edge.caller == "gateway") == [
        "accounts", "cart", "catalog", "inventory", "orders", "recommendations", "storefront",
    ]  # fmt: skip


def test_each_edge_has_the_detector_of_its_protocol():
    expected = {
        "orders -> payments": responses.GrpcDetector,
        "payments -> bank": responses.HttpDetector,
        "gateway -> storefront": responses.HttpDetector,
        "bank -> postgres": responses.PostgresDetector,
        "cart -> nats": responses.NatsDetector,
    }
    assert {str(edge): detector for edge, detector in PLAIN.items() if str(edge) in expected} == expected


def test_with_a_mesh_connections_between_sidecars_use_tls():
    assert set(MESH) == set(PLAIN)
    changed = {PLAIN[edge]: MESH[edge] for edge in PLAIN if MESH[edge] is not PLAIN[edge]}
    assert changed == {
        responses.GrpcDetector: responses.TlsGrpcDetector,
        responses.HttpDetector: responses.TlsHttpDetector,
    }
    assert MESH[Edge("payments", "bank")] is responses.HttpDetector


def test_with_a_mesh_sidecars_and_the_canary_are_targets_but_not_the_certificate_rotation(tmp_path):
    stack = Stack.at(StateDir(tmp_path), 20000)
    more = set(targets(SERVICES, mesh=True)[Kind.KILL]) - set(targets(SERVICES, mesh=False)[Kind.KILL])
    assert more == {*sidecars.commands(stack), CANARY} - {sidecars.ROTATION}


def test_every_kind_of_fault_has_targets_and_comes_within_half_a_minute():
    found = targets(SERVICES, mesh=False)
    assert set(found) == set(Kind)
    assert {fault.kind for fault in schedule(1, 30, found)} == set(Kind)
