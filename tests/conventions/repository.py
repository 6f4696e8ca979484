"""What the house rules look at: the files of this repository, and what their code imports."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GENERATED = ROOT / "libs" / "contracts" / "src"
SERVICES = sorted(path.parent.name for path in ROOT.glob("services/*/pyproject.toml"))


def files(*suffixes: str, under: Path = ROOT) -> Iterator[Path]:
    """The files that people wrote, of the kinds that the suffixes name; all without any."""
    for folder, subfolders, names in os.walk(under):
        here = Path(folder)
        subfolders[:] = [name for name in subfolders if not _is_left_out(here / name)]
        yield from (here / name for name in sorted(names) if not suffixes or name.endswith(suffixes))


def _is_left_out(folder: Path) -> bool:
    is_hidden = folder.name.startswith(".") and folder.name != ".ci"
    return is_hidden or folder.name == "__pycache__" or folder == GENERATED


def relative(path: Path) -> str:
    """The path as people name it."""
    return str(path.relative_to(ROOT))


def source(service: str) -> Path:
    """The folder of a service's package."""
    return ROOT / "services" / service / "src" / service


def tree(path: Path) -> ast.Module:
    """The syntax tree of a Python file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports(path: Path) -> Iterator[str]:
    """The modules that a Python file imports, lazily or not, by their whole names."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
