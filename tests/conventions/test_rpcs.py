"""Every RPC of the contracts is implemented."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator

import pytest

from tests.conventions.repository import ROOT, SERVICES, source, tree

PROTOS = sorted(path.stem for path in ROOT.glob("libs/contracts/proto/nightmarket/*/v1/*.proto"))


def rpcs() -> Iterator[tuple[str, str]]:
    """Yield the service and the name of each RPC."""
    for proto in set(PROTOS) & set(SERVICES):
        module = importlib.import_module(f"nightmarket.{proto}.v1.{proto}_pb2")
        for service in module.DESCRIPTOR.services_by_name.values():
            yield from ((proto, method.name) for method in service.methods)


ALL = sorted(rpcs())


def functions(service: str) -> set[str]:
    """Return the names of the functions and methods in a service's api.py."""
    nodes = ast.walk(tree(source(service) / "api.py"))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef)}


def test_the_contracts_have_rpcs() -> None:
    assert len(ALL) > 20


@pytest.mark.parametrize(("service", "method"), ALL)
def test_an_rpc_is_implemented(service: str, method: str) -> None:
    # The generated base class responds with UNIMPLEMENTED, which no type checker reports.
    assert method in functions(service), f"implement it in services/{service}/src/{service}/api.py"
