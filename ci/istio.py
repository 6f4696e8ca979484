"""Check resources with Istio's own schemas: python ci/istio.py FILE... Exits with 1 if a resource is invalid.

The models are generated from Istio's custom resource definitions. They ignore unknown fields. So if a resource loses a
field on the way through its model, Istio does not have that field.
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
# Fields of Istio 1.27. The models are those of 1.24.
_NEWER = {("DestinationRule", ".spec.trafficPolicy.retryBudget")}


def main(names: Sequence[str]) -> int:
    """Print every problem, one per line, and return the exit code."""
    problems = [problem for name in names for problem in problems_in(Path(name))]
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


def problems_in(file: Path) -> Iterator[str]:
    """Yield the problems of a file's resources."""
    for resource in yaml.safe_load_all(file.read_text(encoding="utf-8")):
        yield from (f"{file}: {problem}" for problem in _of_resource(resource))


def _of_resource(resource: dict[str, Any]) -> Iterator[str]:
    kind = resource["kind"]
    model = _model(resource["apiVersion"], kind)
    if model is None:
        yield f"Istio has no {kind} of {resource['apiVersion']}"
        return
    try:
        parsed = model.model_validate(resource).model_dump(mode="json", by_alias=True, exclude_unset=True)
    except ValidationError as error:
        yield f"{kind}/{resource['metadata']['name']}: {error}"
        return
    for path in _lost(resource, parsed, ""):
        if (kind, path) not in _NEWER:
            yield f"{kind}/{resource['metadata']['name']}: Istio does not have the field {path.lstrip('.')}"


def _model(version: str, kind: str) -> type[BaseModel] | None:
    group, _, name = version.partition("/")
    found: type[BaseModel] | None = getattr(getattr(_GROUPS.get(group), name, None), kind, None)
    return found


def _lost(given: object, parsed: object, path: str) -> Iterator[str]:
    """Yield the paths of the values that are not in both."""
    if isinstance(given, dict) and isinstance(parsed, dict):
        for name, value in given.items():
            yield from _lost(value, parsed.get(name), f"{path}.{name}")
    elif isinstance(given, list) and isinstance(parsed, list) and len(given) == len(parsed):
        for number, pair in enumerate(zip(given, parsed, strict=True)):
            yield from _lost(*pair, f"{path}[{number}]")
    elif given != parsed:
        yield path


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
