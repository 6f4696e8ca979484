"""Checks resources against Istio's own schemas: python ci/istio.py FILE... Exit code 1 where one does not fit.

The models are made from Istio's custom resource definitions. They ignore fields that they do not know; a resource that
comes out of them with less than went in has such a field.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from cloudcoil.models.istio import networking, security
from pydantic import BaseModel, ValidationError

_GROUPS: dict[str, Any] = {"networking.istio.io": networking, "security.istio.io": security}
# Of Istio 1.27. The models are of 1.24.
_NEWER = {("DestinationRule", ".spec.trafficPolicy.retryBudget")}


def main(names: Sequence[str]) -> int:
    """Says every problem in a line."""
    problems = [problem for name in names for problem in of_file(Path(name))]
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


def of_file(file: Path) -> Iterator[str]:
    """What is wrong with the resources of a file."""
    for resource in yaml.safe_load_all(file.read_text(encoding="utf-8")):
        yield from (f"{file}: {problem}" for problem in _of_resource(resource))


def _of_resource(resource: dict[str, Any]) -> Iterator[str]:
    kind = resource["kind"]
    model = _model(resource["apiVersion"], kind)
    if model is None:
        yield f"Istio has no {kind} of {resource['apiVersion']}"
        return
    try:
        understood = model.model_validate(resource).model_dump(mode="json", by_alias=True, exclude_unset=True)
    except ValidationError as error:
        yield f"{kind}/{resource['metadata']['name']}: {error}"
        return
    for path in _lost(resource, understood, ""):
        if (kind, path) not in _NEWER:
            yield f"{kind}/{resource['metadata']['name']}: Istio knows no {path.lstrip('.')}"


def _model(version: str, kind: str) -> type[BaseModel] | None:
    group, _, name = version.partition("/")
    found: type[BaseModel] | None = getattr(getattr(_GROUPS.get(group), name, None), kind, None)
    return found


def _lost(given: object, understood: object, path: str) -> Iterator[str]:
    """The paths of what is not in both."""
    if isinstance(given, dict) and isinstance(understood, dict):
        for name, value in given.items():
            yield from _lost(value, understood.get(name), f"{path}.{name}")
    elif isinstance(given, list) and isinstance(understood, list) and len(given) == len(understood):
        for number, pair in enumerate(zip(given, understood, strict=True)):
            yield from _lost(*pair, f"{path}[{number}]")
    elif given != understood:
        yield path


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
