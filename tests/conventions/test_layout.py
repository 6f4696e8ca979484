"""Every service has the same layout, and its domain depends on the standard library and the shared limits only."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from tests.conventions.repository import ROOT, SERVICES, files, imports, relative, source, tree

LAYOUT = [
    "Dockerfile",
    "README.md",
    "pyproject.toml",
    "requirements.txt",
    "src/{service}/__init__.py",
    "src/{service}/__main__.py",
    "src/{service}/config.py",
    "src/{service}/domain/__init__.py",
    "src/{service}/py.typed",
    "tests/unit",
    "tests/service",
]
SHARED_LIMITS = "nightmarket.limits"
# The only modules that read environment variables.
READS_THE_ENVIRONMENT = {"libs/chassis/src/chassis/config.py"}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_the_common_layout(service: str) -> None:
    folder = ROOT / "services" / service
    assert [item for item in LAYOUT if not (folder / item.format(service=service)).exists()] == []


@pytest.mark.parametrize("service", SERVICES)
def test_a_domain_imports_the_standard_library_and_the_shared_limits_only(service: str) -> None:
    # The limits are constants and themselves import the standard library only, as the next test checks.
    assert foreign_imports(source(service) / "domain", f"{service}.domain", SHARED_LIMITS) == set()


def test_the_shared_limits_import_the_standard_library_only() -> None:
    path = ROOT / "libs" / "contracts" / "src" / "nightmarket" / "limits.py"
    assert {module for module in imports(path) if module not in sys.stdlib_module_names} == set()


def test_the_rules_of_the_audit_import_the_standard_library_and_the_snapshot_only() -> None:
    assert (
        foreign_imports(ROOT / "tools" / "audit" / "rules", "tools.audit.rules", "tools.audit.snapshot")
        == set()
    )


def test_the_audit_imports_none_of_the_code_that_it_checks() -> None:
    folder = ROOT / "tools" / "audit"
    code = [path for path in files(".py", under=folder) if "tests" not in path.relative_to(folder).parts]
    packages = {module.split(".")[0] for path in code for module in imports(path)}
    assert packages & {*SERVICES, "chassis", "messaging", "laptop", "mesh"} == set()


def foreign_imports(folder: Path, *own: str) -> set[str]:
    """Return what the code in a folder imports, except the standard library and the packages in `own`."""
    return {
        f"{relative(path)}: {module}"
        for path in files(".py", under=folder)
        for module in imports(path)
        if module.split(".")[0] not in sys.stdlib_module_names
        and not any(module == package or module.startswith(f"{package}.") for package in own)
    }


def test_only_config_reads_the_environment() -> None:
    code = [*files(".py", under=ROOT / "libs" / "chassis" / "src")]
    code += [path for service in SERVICES for path in files(".py", under=source(service))]
    readers = {relative(path) for path in code if reads_environment(path)}
    assert readers == READS_THE_ENVIRONMENT


def reads_environment(path: Path) -> bool:
    """Return whether the code uses os.environ or os.getenv."""
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in ("environ", "environb", "getenv")
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
        for node in ast.walk(tree(path))
    )
