"""The files of this repository and what their code imports."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GENERATED = ROOT / "libs" / "contracts" / "src"
SERVICES = sorted(path.parent.name for path in ROOT.glob("services/*/pyproject.toml"))


def files(*suffixes: str, under: Path = ROOT) -> Iterator[Path]:
    """Yield the handwritten files whose names end with one of the suffixes; without suffixes, all of them."""
    for folder, subfolders, names in os.walk(under):
        here = Path(folder)
        subfolders[:] = [name for name in subfolders if not _is_ignored(here / name)]
        yield from (here / name for name in sorted(names) if not suffixes or name.endswith(suffixes))


def _is_ignored(folder: Path) -> bool:
    is_hidden = folder.name.startswith(".") and folder.name != ".ci"
    return is_hidden or folder.name == "__pycache__" or folder == GENERATED


def relative(path: Path) -> str:
    """Return the path relative to the root of the repository."""
    return str(path.relative_to(ROOT))


def source(service: str) -> Path:
    """Return the folder of a service's package."""
    return ROOT / "services" / service / "src" / service


def tree(path: Path) -> ast.Module:
    """Return the syntax tree of a Python file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports(path: Path) -> Iterator[str]:
    """Yield the full names of the modules that a Python file imports, including imports inside functions."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
