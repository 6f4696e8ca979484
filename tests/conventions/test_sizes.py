"""Files and functions stay small enough to read in one go."""

from __future__ import annotations

import ast

from tests.conventions.repository import files, relative, tree

MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 50
# Product data, rendered configuration and the license are data, not text to read.
DATA = ("services/catalog/seed/", "services/inventory/seed/", "mesh/tests/cases/", "LICENSE", "requirements")
CODE = (".py", ".sh", ".sql", ".proto", ".yaml", ".yml", ".html", ".css", ".js", ".toml", ".md", "Makefile")


def test_no_file_is_too_long() -> None:
    lengths = {relative(path): len(path.read_text().splitlines()) for path in files(*CODE)}
    assert len(lengths) > 50
    assert {
        name: length
        for name, length in lengths.items()
        if length > MAX_FILE_LINES and not name.startswith(DATA)
    } == {}


def test_no_function_is_too_long() -> None:
    lengths = {
        f"{relative(path)}:{node.lineno} {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in files(".py")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert len(lengths) > 200
    assert {name: length for name, length in lengths.items() if length > MAX_FUNCTION_LINES} == {}
