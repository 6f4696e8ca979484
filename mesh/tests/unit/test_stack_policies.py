"""The stack's policies allow the calls that the code makes, and no others."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from mesh.platform import Platform
from mesh.renderer import render
from mesh.renderer.decode import Duration
from mesh.renderer.index import PolicyIndex
from mesh.renderer.matrix import Permission, permissions
from mesh.renderer.policies import ROOT, load, load_with
from mesh.renderer.resources import DestinationRule
from mesh.renderer.traffic import VirtualService
from mesh.renderer.validation import validate
from mesh.tests.contracts import HEALTH_CHECK, methods
from mesh.tests.stack import LABS, stack_platform
from mesh.workloads import BANK_HOST, GATEWAY, host
from tests.conventions.repository import files, imports, source, tree
from topology import BANK, SERVICES

CALLEES = [service.name for service in SERVICES if service.has_sidecar]


@pytest.fixture(scope="module")
def platform() -> Platform:
    return stack_platform(Path("/market"))


@pytest.fixture(scope="module")
def index(platform: Platform) -> PolicyIndex:
    return validate(load_with(), platform)


@pytest.fixture(scope="module")
def allowed(index: PolicyIndex) -> tuple[Permission, ...]:
    return permissions(index)


def gateway_file(name: str) -> str:
    """Return the content of one of the gateway's files."""
    return (ROOT / "gateway" / name).read_text()


def gateway_timeouts() -> dict[str, Duration]:
    """Return the longest timeout of the gateway's routes, by the service that they lead to."""
    (routes,) = yaml.safe_load(gateway_file("routes.yaml"))["resources"]
    actions = [route["route"] for route in routes["virtual_hosts"][0]["routes"] if "route" in route]
    timeouts = sorted((Duration.parse(action["timeout"]), action["cluster"]) for action in actions)
    return {cluster: timeout for timeout, cluster in timeouts}


def called_by(service: str) -> Iterator[str]:
    """Yield the paths of the methods that a service's code calls, by the stubs that it imports."""
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


def test_the_allowed_pairs_are_those_of_the_topology_and_the_gateway(
    index: PolicyIndex, allowed: tuple[Permission, ...]
) -> None:
    calls = {(service.name, callee) for service in SERVICES for callee in service.calls if callee != BANK}
    calls |= {(GATEWAY, callee) for callee in gateway_timeouts()}
    jwks = {
        (w.service, index.jwks_host(rule)) for w in index.platform.workloads for rule in index.jwt_rules(w)
    }
    assert {(p.caller, p.callee) for p in allowed} == calls | jwks


def test_every_allowed_method_is_in_the_contracts(allowed: tuple[Permission, ...]) -> None:
    known = {f"/{service}/{method}" for service, found in methods().items() for method in found}
    known |= {HEALTH_CHECK}
    grpc = {p.path for p in allowed if p.callee not in ("accounts", "storefront")}
    assert grpc - known == set()
    assert {p.methods for p in allowed if p.path in known} == {("POST",)}


def test_the_gateway_may_call_exactly_the_public_methods(allowed: tuple[Permission, ...]) -> None:
    filters = yaml.safe_load(gateway_file("listener.yaml"))["resources"][0]["filter_chains"][0]["filters"][0]
    parts = filters["typed_config"]["http_filters"]
    (public,) = [p["typed_config"]["services"] for p in parts if p["name"].endswith("grpc_json_transcoder")]
    expected = {f"/{service}/{method}" for service in public for method in methods()[service]}
    assert {p.path for p in allowed if p.caller == GATEWAY and p.path.startswith("/nightmarket.")} == expected


@pytest.mark.parametrize("service", CALLEES)
def test_a_service_may_call_exactly_the_methods_that_its_code_calls(
    service: str, allowed: tuple[Permission, ...]
) -> None:
    found = {p.path for p in allowed if p.caller == service and p.path.startswith("/nightmarket.")}
    assert found == set(called_by(service))


def test_the_storefront_may_check_the_health_of_the_services_that_it_needs(
    allowed: tuple[Permission, ...],
) -> None:
    from storefront.blueprints.system import REQUIRED

    expected = {("storefront", name) for name in REQUIRED}
    assert {(p.caller, p.callee) for p in allowed if p.path == HEALTH_CHECK} == expected


def test_every_called_host_has_a_virtual_service() -> None:
    hosts = {service.spec.hosts[0] for service in load_with().of(VirtualService)}
    assert hosts == {*CALLEES, BANK_HOST}


def test_the_default_traffic_policy_applies_to_every_service(index: PolicyIndex) -> None:
    default = next(rule.spec for rule in load_with().of(DestinationRule) if rule.name == "default")
    assert default.traffic_policy.outlier_detection is not None
    assert {callee: index.traffic_policy(callee) for callee in CALLEES} == dict.fromkeys(
        CALLEES, default.traffic_policy
    )


def test_a_rule_for_one_service_exists_only_for_its_subsets() -> None:
    rules = [rule.spec for rule in load_with().of(DestinationRule) if rule.spec.host in CALLEES]
    assert [rule.host for rule in rules if not rule.subsets] == []


def test_timeouts_are_those_of_the_gateway(index: PolicyIndex) -> None:
    timeouts = {
        callee: max(route.timeout or Duration(0) for route in index.routes(callee))
        for callee in gateway_timeouts()
    }
    assert timeouts == gateway_timeouts()


def test_failed_requests_are_retried_only_if_the_callee_calls_no_other_service(index: PolicyIndex) -> None:
    retried = {
        callee
        for callee in CALLEES
        for route in index.routes(callee)
        if "unavailable" in route.retries.conditions
    }
    assert retried
    assert [service.name for service in SERVICES if service.name in retried and service.calls] == []


def test_tokens_are_validated_as_the_gateway_validates_them(index: PolicyIndex) -> None:
    rules = {w.name: index.jwt_rules(w) for w in index.platform.workloads if index.jwt_rules(w)}
    assert set(rules) == {"cart", "orders"}
    for (rule,) in rules.values():
        assert f"issuer: {rule.issuer}\n" in gateway_file("listener.yaml")
        assert f"audiences: [{', '.join(rule.audiences)}]\n" in gateway_file("listener.yaml")
        assert rule.jwks_uri.endswith("/.well-known/jwks.json")


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.stem)
def test_a_lab_replaces_existing_resources(lab: Path, platform: Platform) -> None:
    known = {resource.key for resource in load_with().resources}
    assert {resource.key for resource in load(lab).resources} <= known
    assert render(load_with([lab]), platform) != render(load_with(), platform)


def test_every_call_of_the_topology_has_an_outbound_listener(platform: Platform) -> None:
    calls = {(w.name, callee) for w in platform.workloads for callee in w.calls}
    assert calls == {(s.name, host(callee)) for s in SERVICES for callee in s.calls}
