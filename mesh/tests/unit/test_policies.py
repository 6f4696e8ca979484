"""The project's own policies allow what the programs do, and nothing else."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from laptop.gateway import FILES
from laptop.ports import Ports
from mesh.checks import checked
from mesh.durations import Duration
from mesh.laptop import laptop_site
from mesh.lookup import Lookup
from mesh.market import BANK_HOST, GATEWAY, host
from mesh.matrix import Permission, permissions
from mesh.policies import FOLDER, ROOT, load, load_with
from mesh.render import render
from mesh.resources import DestinationRule
from mesh.site import Site
from mesh.traffic import VirtualService
from tests.conventions.repository import files, imports, source, tree
from topology import BANK, SERVICES

HEALTH = "/grpc.health.v1.Health/Check"
LABS = sorted((FOLDER.parent / "labs").glob("*.yaml"))
CALLEES = [service.name for service in SERVICES if service.has_sidecar]


@pytest.fixture(scope="module")
def site() -> Site:
    return laptop_site(Ports(8080), Path("/market"))


@pytest.fixture(scope="module")
def lookup(site: Site) -> Lookup:
    return checked(load_with(), site)


@pytest.fixture(scope="module")
def allowed(lookup: Lookup) -> tuple[Permission, ...]:
    return permissions(lookup)


def methods() -> dict[str, set[str]]:
    """Every method of the contracts, by the whole name of its service."""
    found = FileDescriptorSet.FromString(FILES["descriptors.pb"].read_bytes())
    return {
        f"{file.package}.{service.name}": {method.name for method in service.method}
        for file in found.file
        for service in file.service
    }


def gateway(name: str) -> str:
    """One of the gateway's files."""
    return (ROOT / "gateway" / name).read_text()


def routed_by_the_gateway() -> dict[str, Duration]:
    """Whom the gateway's routes lead to, and how long it waits for each at most."""
    (routes,) = yaml.safe_load(gateway("routes.yaml"))["resources"]
    actions = [route["route"] for route in routes["virtual_hosts"][0]["routes"] if "route" in route]
    waits = sorted((Duration.parse(action["timeout"]), action["cluster"]) for action in actions)
    return {cluster: wait for wait, cluster in waits}


def used_by(service: str) -> Iterator[str]:
    """The paths of the methods that a service's code calls, by the stubs that it imports."""
    stubs = {
        module.removesuffix("_pb2_grpc").removeprefix("nightmarket.")
        for path in files(".py", under=source(service))
        for module in imports(path)
        if module.endswith("_pb2_grpc") and f".{service}." not in module
    }
    packages = {module.rpartition(".")[0] for module in stubs}
    called = {
        node.func.attr
        for path in files(".py", under=source(service))
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    for name, known in methods().items():
        if name.removeprefix("nightmarket.").rpartition(".")[0] in packages:
            yield from (f"/{name}/{method}" for method in known & called)


def test_the_pairs_are_those_of_the_topology_and_of_the_gateway(
    lookup: Lookup, allowed: tuple[Permission, ...]
) -> None:
    drawn = {(service.name, callee) for service in SERVICES for callee in service.calls if callee != BANK}
    drawn |= {(GATEWAY, callee) for callee in routed_by_the_gateway()}
    fetching = {
        (w.service, lookup.key_host(rule)) for w in lookup.site.workloads for rule in lookup.tokens(w)
    }
    assert {(p.caller, p.callee) for p in allowed} == drawn | fetching


def test_every_allowed_method_is_in_the_contracts(allowed: tuple[Permission, ...]) -> None:
    known = {f"/{service}/{method}" for service, found in methods().items() for method in found} | {HEALTH}
    grpc = {p.path for p in allowed if p.callee not in ("accounts", "storefront")}
    assert grpc - known == set()
    assert {p.methods for p in allowed if p.path in known} == {("POST",)}


def test_the_gateway_may_call_every_public_method_and_no_other(allowed: tuple[Permission, ...]) -> None:
    filters = yaml.safe_load(gateway("listener.yaml"))["resources"][0]["filter_chains"][0]["filters"][0]
    parts = filters["typed_config"]["http_filters"]
    (public,) = [p["typed_config"]["services"] for p in parts if p["name"].endswith("grpc_json_transcoder")]
    wanted = {f"/{service}/{method}" for service in public for method in methods()[service]}
    assert {p.path for p in allowed if p.caller == GATEWAY and p.path.startswith("/nightmarket.")} == wanted


@pytest.mark.parametrize("service", CALLEES)
def test_a_service_may_call_the_methods_that_its_code_calls_and_no_other(
    service: str, allowed: tuple[Permission, ...]
) -> None:
    found = {p.path for p in allowed if p.caller == service and p.path.startswith("/nightmarket.")}
    assert found == set(used_by(service))


def test_the_storefront_may_ask_those_it_needs_for_their_health(allowed: tuple[Permission, ...]) -> None:
    from storefront.readiness import NEEDED

    assert {(p.caller, p.callee) for p in allowed if p.path == HEALTH} == {("storefront", n) for n in NEEDED}


def test_the_policies_say_of_everybody_how_they_are_called() -> None:
    policies, everybody = load_with(), {*CALLEES, BANK_HOST}
    assert {rule.spec.host for rule in policies.of(DestinationRule)} == everybody
    assert {service.spec.hosts[0] for service in policies.of(VirtualService)} == everybody


def test_a_call_may_take_as_long_as_the_gateway_waits_for_it(lookup: Lookup) -> None:
    longest = {
        callee: max(route.timeout or Duration(0) for route in lookup.routes(callee))
        for callee in routed_by_the_gateway()
    }
    assert longest == routed_by_the_gateway()


def test_only_who_calls_nobody_is_asked_again_after_a_failure(lookup: Lookup) -> None:
    asked_again = {
        callee
        for callee in CALLEES
        for route in lookup.routes(callee)
        if "unavailable" in route.retries.conditions
    }
    assert asked_again
    assert [service.name for service in SERVICES if service.name in asked_again and service.calls] == []


def test_a_token_is_checked_again_as_the_gateway_checks_it(lookup: Lookup) -> None:
    taken = {w.name: lookup.tokens(w) for w in lookup.site.workloads if lookup.tokens(w)}
    assert set(taken) == {"cart", "orders"}
    for (rule,) in taken.values():
        assert f"issuer: {rule.issuer}\n" in gateway("listener.yaml")
        assert f"audiences: [{', '.join(rule.audiences)}]\n" in gateway("listener.yaml")
        assert rule.jwks_uri.endswith("/.well-known/jwks.json")


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.stem)
def test_a_lab_replaces_what_is_there(lab: Path, site: Site) -> None:
    known = {resource.key for resource in load_with().resources}
    assert {resource.key for resource in load(lab).resources} <= known
    assert render(load_with([lab]), site) != render(load_with(), site)


def test_every_call_of_the_topology_has_a_listener_of_its_own(site: Site) -> None:
    calls = {(w.name, callee) for w in site.workloads for callee in w.calls}
    assert calls == {(s.name, host(callee)) for s in SERVICES for callee in s.calls}
