"""Files and functions stay small enough to be read at one sitting."""

from __future__ import annotations

import ast

from tests.conventions.repository import files, relative, tree

LONGEST_FILE = 300  # lines
LONGEST_FUNCTION = 50  # lines
# Lists of products, what the renderer makes, and the text of the licence are not read from end to end.
DATA = ("services/catalog/seed/", "services/inventory/seed/", "mesh/tests/cases/", "LICENSE", "requirements")
CODE = (".py", ".sh", ".sql", ".proto", ".yaml", ".yml", ".html", ".css", ".js", ".toml", ".md", "Makefile")


def test_no_file_is_too_long() -> None:
    lengths = {relative(path): len(path.read_text().splitlines()) for path in files(*CODE)}
    assert len(lengths) > 50
    assert {
        name: length
        for name, length in lengths.items()
        if length > LONGEST_FILE and not name.startswith(DATA)
    } == {}


def test_no_function_is_too_long() -> None:
    lengths = {
        f"{relative(path)}:{node.lineno} {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in files(".py")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert len(lengths) > 200
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}
