"""The locks agree with each other, with what is declared and with what is imported."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conventions.repository import ROOT, SERVICES, files, imports, source, tree

RUN, DEV = ROOT / "requirements.txt", ROOT / "requirements-dev.txt"
LOAD = ROOT / "loadtests" / "requirements.txt"  # in a container of their own
AUDIT = ROOT / "tools" / "audit" / "requirements.txt"  # of its container
MESH = ROOT / "mesh" / "requirements.txt"  # of the container that keeps the sidecars
SERVICE_LOCKS = {service: ROOT / "services" / service / "requirements.txt" for service in SERVICES}
LIBRARIES = ROOT / "libs"
PREFIX = "night-market-"  # of our own libraries


@cache
def pins(lock: Path) -> dict[str, str]:
    """The version of every package of a lock."""
    found = re.findall(r"^([a-z0-9-]+)==([^\s;]+)", lock.read_text(), re.MULTILINE)
    return dict(found)


def requirements(pyproject: Path, extras: Iterable[str] = ()) -> list[Requirement]:
    """All that a pyproject.toml requires, with these extras and those of our own libraries."""
    project = tomllib.loads(pyproject.read_text())["project"]
    texts = list(project.get("dependencies", []))
    for extra in extras:
        texts += project["optional-dependencies"][extra]
    found: list[Requirement] = []
    for requirement in map(Requirement, texts):
        if requirement.name.startswith(PREFIX):
            library = LIBRARIES / requirement.name.removeprefix(PREFIX) / "pyproject.toml"
            found += requirements(library, requirement.extras)
        else:
            found.append(requirement)
    return found


def closure(required: list[Requirement], on_every_platform: bool) -> set[str]:
    """The names of the packages that these requirements install, here or on every platform."""
    names: set[str] = set()
    seen: set[tuple[str, str]] = set()
    waiting = [(canonicalize_name(r.name), extra) for r in required for extra in ("", *r.extras)]
    while waiting:
        if (entry := waiting.pop()) in seen:
            continue
        seen.add(entry)
        name, extra = entry
        names.add(name)
        for requirement in map(Requirement, metadata.requires(name) or ()):
            marker = requirement.marker
            if marker and "extra ==" in str(marker):
                applies = marker.evaluate({"extra": extra})
            else:
                applies = on_every_platform or marker is None or marker.evaluate()
            if applies:
                waiting += [(canonicalize_name(requirement.name), e) for e in ("", *requirement.extras)]
    return names


def our_modules(folder: Path) -> set[Path]:
    """The code below a folder, and the modules of our libraries that it imports, directly or not."""
    found: set[Path] = set()
    waiting = set(files(".py", under=folder))
    while waiting:
        path = waiting.pop()
        found.add(path)
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ImportFrom) and node.module:
                for module in (node.module, *(f"{node.module}.{alias.name}" for alias in node.names)):
                    package = "contracts" if module.startswith("nightmarket.") else module.split(".")[0]
                    file = LIBRARIES / package / "src" / Path(*module.split(".")).with_suffix(".py")
                    if file.is_file() and file not in found:
                        waiting.add(file)
    return found


def missing_imports(code: Iterable[Path], lock: Path) -> set[str]:
    """Packages that the code imports and the lock does not contain."""
    ours = {path.name for path in ROOT.iterdir()} | {path.name for path in LIBRARIES.glob("*/src/*")}
    ours |= {"openapi", "generate", *SERVICES}
    known = metadata.packages_distributions()
    tops = {module.split(".")[0] for path in code for module in imports(path)}
    return {
        top
        for top in tops - ours - sys.stdlib_module_names
        if not {canonicalize_name(name) for name in known.get(top, [])} & pins(lock).keys()
    }


def code_below(*folders: Path) -> list[Path]:
    return [path for folder in folders for path in files(".py", under=folder)]


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
def test_a_service_s_lock_contains_the_declared_versions(service: str) -> None:
    locked = pins(SERVICE_LOCKS[service])
    asked = requirements(ROOT / "services" / service / "pyproject.toml")
    outdated = [str(r) for r in asked if not r.specifier.contains(locked.get(canonicalize_name(r.name), "0"))]
    assert outdated == [], "run `make lock`"


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_s_lock_contains_nothing_that_is_not_needed(service: str) -> None:
    locked = pins(SERVICE_LOCKS[service]).keys()
    asked = requirements(ROOT / "services" / service / "pyproject.toml")
    assert locked - closure(asked, on_every_platform=True) == set(), "run `make lock`"
    assert closure(asked, on_every_platform=False) - locked == set(), "run `make lock`"


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_s_lock_contains_what_its_code_and_its_libraries_import(service: str) -> None:
    assert missing_imports(our_modules(source(service)), SERVICE_LOCKS[service]) == set()


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_declares_what_its_code_imports(service: str) -> None:
    known = metadata.packages_distributions()
    project = tomllib.loads((ROOT / "services" / service / "pyproject.toml").read_text())["project"]
    declared = {canonicalize_name(Requirement(text).name) for text in project["dependencies"]}
    through_contracts = {"google"}
    tops = {module.split(".")[0] for path in files(".py", under=source(service)) for module in imports(path)}
    foreign = tops - sys.stdlib_module_names - {service, "chassis", "messaging", "nightmarket"}
    undeclared = {
        top for top in foreign if not {canonicalize_name(name) for name in known.get(top, [])} & declared
    }
    assert undeclared - through_contracts == set()


def test_the_lock_of_the_load_tests_holds_what_is_declared() -> None:
    (locust,) = requirements(LOAD.with_name("pyproject.toml"))
    assert locust.specifier.contains(pins(LOAD)["locust"]), "run `make lock`"


def test_the_lock_of_the_mesh_holds_what_is_declared_and_imported() -> None:
    asked = requirements(MESH.with_name("pyproject.toml"))
    assert [str(r) for r in asked if not r.specifier.contains(pins(MESH)[r.name])] == [], "run `make lock`"
    only_in_their_tests = missing_imports(code_below(ROOT / "mesh" / "tests"), MESH)
    assert missing_imports(code_below(ROOT / "mesh"), MESH) <= only_in_their_tests


def test_the_lock_of_the_audit_holds_what_it_imports() -> None:
    folders = [path for path in (ROOT / "tools" / "audit").iterdir() if path.name != "tests"]
    assert missing_imports(code_below(*folders), AUDIT) == set()


def test_the_market_s_lock_holds_what_laptop_mode_and_the_audit_import() -> None:
    only_in_their_tests = {"pytest"}
    assert missing_imports(code_below(ROOT / "laptop", ROOT / "tools" / "audit"), RUN) == only_in_their_tests


def test_the_tools_lock_holds_what_tests_and_scripts_import() -> None:
    in_a_container_of_their_own = {"locust"}
    assert missing_imports(code_below(ROOT), DEV) == in_a_container_of_their_own
