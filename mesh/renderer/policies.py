"""The policies as a whole: read from files, each resource once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import yaml

from mesh.errors import MeshError
from mesh.renderer.decode import INVALID, decode
from mesh.renderer.resources import (
    AuthorizationPolicy,
    DestinationRule,
    PeerAuthentication,
    RequestAuthentication,
    ServiceEntry,
)
from mesh.renderer.traffic import VirtualService

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "mesh" / "policies"
_SECURITY, _NETWORKING = "security.istio.io/v1", "networking.istio.io/v1"
KINDS: dict[tuple[str, str], type[Any]] = {
    (_SECURITY, "AuthorizationPolicy"): AuthorizationPolicy,
    (_SECURITY, "PeerAuthentication"): PeerAuthentication,
    (_SECURITY, "RequestAuthentication"): RequestAuthentication,
    (_NETWORKING, "DestinationRule"): DestinationRule,
    (_NETWORKING, "ServiceEntry"): ServiceEntry,
    (_NETWORKING, "VirtualService"): VirtualService,
}
Report = Callable[[str], None]
Spec = TypeVar("Spec")
Other = TypeVar("Other")


@dataclass(frozen=True)
class Metadata:
    """What a resource is called."""

    name: str
    namespace: str


@dataclass(frozen=True)
class Resource(Generic[Spec]):
    """One resource, and the file that it is from."""

    file: str
    kind: str
    metadata: Metadata
    spec: Spec

    @property
    def name(self) -> str:
        """Its name, which with its kind is unique in a namespace."""
        return self.metadata.name

    @property
    def key(self) -> tuple[str, str, str]:
        """What a cluster knows it by."""
        return (self.kind, self.metadata.namespace, self.metadata.name)

    def __str__(self) -> str:
        return f"{self.file}: {self.kind}/{self.name}"


@dataclass(frozen=True)
class Policies:
    """Every resource that holds."""

    resources: tuple[Resource[Any], ...]

    def of(self, kind: type[Other]) -> tuple[Resource[Other], ...]:
        """The resources of one kind."""
        return tuple(found for found in self.resources if isinstance(found.spec, kind))

    def changed_by(self, others: Policies) -> Policies:
        """These after `kubectl apply` of others: what has the same kind and name is replaced, the rest is added."""
        merged = {resource.key: resource for resource in (*self.resources, *others.resources)}
        return Policies(tuple(merged.values()))


def load(*places: Path) -> Policies:
    """The resources in these files, and in the files of these folders. Raises MeshError with every problem."""
    problems: list[str] = []
    found = tuple(resource for file in _files(places, problems) for resource in _read(file, problems.append))
    problems += _twice(found)
    if problems:
        raise MeshError(problems)
    return Policies(found)


def load_with(labs: Iterable[Path] = (), *places: Path) -> Policies:
    """The policies of `places`, by default the project's, after the resources of `labs` were applied to them."""
    policies = load(*(places or (FOLDER,)))
    for lab in labs:
        policies = policies.changed_by(load(lab))
    return policies


def _files(places: Iterable[Path], problems: list[str]) -> Iterator[Path]:
    for place in places:
        files = sorted(place.glob("*.yaml")) if place.is_dir() else [place]
        if not files or not files[0].is_file():
            problems.append(f"{_shown(place)}: no such file")
            continue
        yield from files


def _shown(file: Path) -> str:
    absolute = file.resolve()
    return str(absolute.relative_to(ROOT) if absolute.is_relative_to(ROOT) else file)


def _read(file: Path, report: Report) -> Iterator[Resource[Any]]:
    shown = _shown(file)
    try:
        documents = list(yaml.safe_load_all(file.read_text(encoding="utf-8")))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        report(f"{shown}: is not valid YAML: {' '.join(str(error).split())}")
        return
    if all(document is None for document in documents):
        report(f"{shown}: contains no resource")
    for document in documents:
        if document is not None:
            yield from _resource(shown, document, report)


def _resource(file: str, document: Any, report: Report) -> Iterator[Resource[Any]]:
    if not isinstance(document, dict):
        report(f"{file}: contains a document that is not a resource")
        return
    version, kind = str(document.get("apiVersion", "")), str(document.get("kind", ""))
    spec = KINDS.get((version, kind))
    if spec is None:
        report(
            f"{file}: {kind or 'a resource'} {f'of {version}' if version else 'without an apiVersion'} is not supported"
            " by the renderer"
        )
        return
    metadata = document.get("metadata")
    name = metadata.get("name", "?") if isinstance(metadata, dict) else "?"

    def say(problem: str) -> None:
        report(f"{file}: {kind}/{name}: {problem}")

    for field in document.keys() - {"apiVersion", "kind", "metadata", "spec"}:
        say(f"{field} is not supported by the renderer")
    # A spec that is empty is one; one that is not there is an oversight.
    read = (
        decode(Metadata, metadata, "metadata", say),
        decode(spec, document.get("spec"), "spec", say),
    )
    if INVALID not in read:
        yield Resource(file, kind, *read)


def _twice(resources: Iterable[Resource[Any]]) -> Iterator[str]:
    seen: dict[tuple[str, str, str], Resource[Any]] = {}
    for resource in resources:
        first = seen.setdefault(resource.key, resource)
        if first is not resource:
            yield f"{resource} is also in {first.file}"
