"""In every service, each kind of code is in the module that services/README.md names, in the same form."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conventions.repository import SERVICES, files, imports, relative, source, tree


def top_level(path: Path) -> dict[str, ast.AST]:
    """Return the classes and functions that a module defines, by name."""
    return {n.name: n for n in tree(path).body if isinstance(n, ast.ClassDef | ast.FunctionDef)}


@pytest.mark.parametrize("service", SERVICES)
def test_the_composition_root_is_build_service(service: str) -> None:
    build_service = top_level(source(service) / "__main__.py").get("build_service")
    assert isinstance(build_service, ast.FunctionDef)
    assert [argument.arg for argument in build_service.args.args] == ["config"]


def one_service_class(names: list[str]) -> bool:
    """Return whether exactly one public class is named after the service."""
    return len([name for name in names if name.endswith("Service") and not name.startswith("_")]) == 1


@pytest.mark.parametrize(
    ("module", "is_complete"),
    [
        ("service.py", one_service_class),
        ("store.py", lambda names: "Store" in names),
        ("events.py", lambda names: "handlers" in names),
    ],
    ids=["service.py", "store.py", "events.py"],
)
@pytest.mark.parametrize("service", SERVICES)
def test_a_module_defines_what_its_name_says(
    service: str, module: str, is_complete: Callable[[list[str]], bool]
) -> None:
    path = source(service) / module
    assert not path.exists() or is_complete(list(top_level(path)))


@pytest.mark.parametrize(
    ("package", "module"), [("prometheus_client", "metrics.py"), ("messaging.consumer", "events.py")]
)
@pytest.mark.parametrize("service", SERVICES)
def test_only_its_module_uses_a_package(service: str, package: str, module: str) -> None:
    users = {
        relative(path)
        for path in files(".py", under=source(service))
        if path.name not in (module, "__main__.py")
        and any(name == package or name.startswith(f"{package}.") for name in imports(path))
    }
    assert users == set()


def test_every_choice_is_a_string_enum() -> None:
    enums = {
        f"{relative(path)}: {node.name}"
        for service in SERVICES
        for path in files(".py", under=source(service))
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id in ("Enum", "IntEnum") for base in node.bases)
    }
    assert enums == set()
