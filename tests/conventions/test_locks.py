"""The locks agree with each other, with what is declared and with what is imported."""

from __future__ import annotations

import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conventions.repository import ROOT, SERVICES, files, imports, source

RUN, DEV = ROOT / "requirements.txt", ROOT / "requirements-dev.txt"
LOAD = ROOT / "loadtests" / "requirements.txt"  # in a container of their own
AUDIT = ROOT / "tools" / "audit" / "requirements.txt"  # of its container
MESH = ROOT / "mesh" / "requirements.txt"  # of the container that keeps the sidecars
SERVICE_LOCKS = {service: ROOT / "services" / service / "requirements.txt" for service in SERVICES}
OURS = {"night-market-chassis", "night-market-contracts", "night-market-messaging"}
CHASSIS = ROOT / "libs" / "chassis" / "src"


@cache
def pins(lock: Path) -> dict[str, str]:
    """The version of every package of a lock."""
    found = re.findall(r"^([a-z0-9-]+)==([^\s;]+)", lock.read_text(), re.MULTILINE)
    return dict(found)


def declared(pyproject: Path) -> list[Requirement]:
    """What a pyproject.toml asks for, less our own libraries."""
    project = tomllib.loads(pyproject.read_text())["project"]
    asked = [Requirement(text) for text in project.get("dependencies", [])]
    return [requirement for requirement in asked if requirement.name not in OURS]


def missing_imports(folders: list[Path], lock: Path) -> set[str]:
    """Packages from elsewhere that the code below the folders imports and the lock does not hold."""
    ours = {
        "chassis",
        "messaging",
        "nightmarket",
        "compose",
        "laptop",
        "mesh",
        "gateway",
        "tests",
        "tools",
        "topology",
        "telemetry",
        "ci",
        "openapi",
        "generate",
        *SERVICES,
    }
    known = packages_distributions()
    code = [path for folder in folders for path in files(".py", under=folder)]
    tops = {module.split(".")[0] for path in code for module in imports(path)}
    foreign = tops - ours - sys.stdlib_module_names - {"services", "libs"}
    return {
        top
        for top in foreign
        if not {canonicalize_name(name) for name in known.get(top, [])} & pins(lock).keys()
    }


@pytest.mark.parametrize(
    "lock",
    [RUN, DEV, LOAD, MESH, AUDIT, *SERVICE_LOCKS.values()],
    ids=lambda lock: lock.parent.name + "-" + lock.stem,
)
def test_a_lock_holds_versions_with_hashes_and_no_address(lock: Path) -> None:
    text = lock.read_text()
    packages = [block for block in re.split(r"\n(?=\S)", text) if block.strip()]
    assert [
        block.split()[0] for block in packages if "--hash=sha256:" not in block or "==" not in block
    ] == []
    assert "://" not in text
    assert len(packages) == len(pins(lock))


@pytest.mark.parametrize(
    "lock", [MESH, AUDIT, *SERVICE_LOCKS.values()], ids=["mesh", "audit", *SERVICE_LOCKS]
)
def test_a_container_is_built_with_what_laptop_mode_runs(lock: Path) -> None:
    assert {name: version for name, version in pins(lock).items() if pins(RUN).get(name) != version} == {}


def test_tests_run_with_what_the_market_runs() -> None:
    assert {name: version for name, version in pins(RUN).items() if pins(DEV).get(name) != version} == {}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_s_lock_holds_what_is_declared(service: str) -> None:
    asked = declared(ROOT / "services" / service / "pyproject.toml")
    for library in ("chassis", "contracts"):
        asked += declared(ROOT / "libs" / library / "pyproject.toml")
    locked = pins(SERVICE_LOCKS[service])
    outdated = [str(r) for r in asked if not r.specifier.contains(locked.get(canonicalize_name(r.name), "0"))]
    assert outdated == [], "run `make lock`"


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_s_lock_holds_what_its_code_imports(service: str) -> None:
    assert missing_imports([source(service), CHASSIS], SERVICE_LOCKS[service]) == set()


def test_the_lock_of_the_load_tests_holds_what_is_declared() -> None:
    (locust,) = declared(LOAD.with_name("pyproject.toml"))
    assert locust.specifier.contains(pins(LOAD)["locust"]), "run `make lock`"


def test_the_lock_of_the_mesh_holds_what_is_declared_and_imported() -> None:
    asked = declared(MESH.with_name("pyproject.toml"))
    assert [str(r) for r in asked if not r.specifier.contains(pins(MESH)[r.name])] == [], "run `make lock`"
    only_in_their_tests = missing_imports([ROOT / "mesh" / "tests"], MESH)
    assert missing_imports([ROOT / "mesh"], MESH) <= only_in_their_tests


def test_the_lock_of_the_audit_holds_what_it_imports() -> None:
    code = [path for path in (ROOT / "tools" / "audit").iterdir() if path.name != "tests"]
    assert missing_imports(code, AUDIT) == set()


def test_the_market_s_lock_holds_what_laptop_mode_and_the_audit_import() -> None:
    only_in_their_tests = {"pytest"}
    assert missing_imports([ROOT / "laptop", ROOT / "tools" / "audit"], RUN) == only_in_their_tests


def test_the_tools_lock_holds_what_tests_and_scripts_import() -> None:
    in_a_container_of_their_own = {"locust"}
    assert missing_imports([ROOT], DEV) == in_a_container_of_their_own
