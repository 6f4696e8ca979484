"""The map in services/README.md, the topology and the code of the services agree."""

from __future__ import annotations

import ast
import re
import tomllib
from dataclasses import dataclass

import pytest

import topology
from tests.conventions.repository import ROOT, SERVICES, files, imports, source, tree

SPEAKS = {"gRPC": "chassis.grpc_server", "HTTP": "chassis.http_server"}
STUB = re.compile(r"nightmarket\.(\w+)\.v1\.\w+_pb2_grpc")


@dataclass(frozen=True)
class Row:
    """One row of the map."""

    protocol: str
    owns: str
    calls: frozenset[str]


def rows() -> dict[str, Row]:
    """Return the map in services/README.md, by service."""
    cells = [
        [cell.strip() for cell in line.strip("|\n").split("|")]
        for line in (ROOT / "services" / "README.md").read_text().splitlines()
        if line.startswith("| [")
    ]
    return {
        re.sub(r"\[(\w+)\].*", r"\1", name): Row(
            protocol.split()[0], owns, frozenset(re.findall(r"[a-z]+", calls))
        )
        for name, protocol, owns, calls, _ in cells
    }


def config_fields(service: str) -> set[str]:
    """Return the names of a service's settings."""
    nodes = ast.walk(tree(source(service) / "config.py"))
    return {n.target.id for n in nodes if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)}


def modules(service: str) -> set[str]:
    """Return all modules that a service imports."""
    found: set[str] = set()
    for path in files(".py", under=source(service)):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ImportFrom) and node.module:
                found |= {f"{node.module}.{alias.name}" for alias in node.names}
        found |= set(imports(path))
    return found


def test_the_map_shows_every_service() -> None:
    assert sorted(rows()) == SERVICES


def test_import_linter_checks_every_service() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = next(contract["layers"] for contract in settings["contracts"] if contract["type"] == "layers")
    assert sorted(set(re.findall(r"\w+", layers[1])) - {"laptop"}) == SERVICES
    others = {"chassis", "laptop", "mesh", "messaging", "nightmarket", "tools", "topology"}
    assert sorted(set(settings["root_packages"]) - others) == SERVICES


def test_the_topology_has_the_calls_of_the_map() -> None:
    assert {service.name: frozenset(service.calls) for service in topology.SERVICES} == {
        name: row.calls for name, row in rows().items()
    }


def test_the_topology_has_the_protocols_and_databases_of_the_map() -> None:
    expected = {name: (row.protocol.lower(), "database" in row.owns) for name, row in rows().items()}
    assert {s.name: (s.protocol.value, s.database) for s in topology.SERVICES} == expected


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_the_addresses_of_its_upstreams(service: str) -> None:
    fields = config_fields(service)
    others = {field.removesuffix("_addr") for field in fields if field.endswith("_addr")}
    others |= {other for other in SERVICES if f"{other}_url" in fields}
    assert others == rows()[service].calls


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_uses_the_stubs_of_its_upstreams(service: str) -> None:
    stubs = {match[1] for module in modules(service) if (match := STUB.match(module))} - {service}
    map_of_all = rows()
    assert stubs == {other for other in map_of_all[service].calls if map_of_all[other].protocol == "gRPC"}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_uses_the_protocol_of_the_map(service: str) -> None:
    spoken = {name for name, module in SPEAKS.items() if module in modules(service)}
    assert spoken == {rows()[service].protocol} & SPEAKS.keys()


@pytest.mark.parametrize("service", SERVICES)
def test_only_a_service_with_a_database_has_migrations(service: str) -> None:
    owns_a_database = "database" in rows()[service].owns
    assert (ROOT / "services" / service / "migrations").is_dir() == owns_a_database
    assert ("database_url" in config_fields(service)) == owns_a_database


@pytest.mark.parametrize("service", SERVICES)
def test_only_a_service_that_uses_nats_has_its_url(service: str) -> None:
    nats = {s.name: s.nats for s in topology.SERVICES}
    assert ("nats_url" in config_fields(service)) == nats[service]
