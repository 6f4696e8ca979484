"""Reads the policies from files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import yaml

from mesh.errors import MeshError
from mesh.renderer.decode import NOT_SUPPORTED, Model, decode
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
KINDS: dict[tuple[str, str], type[Model]] = {
    (_SECURITY, "AuthorizationPolicy"): AuthorizationPolicy,
    (_SECURITY, "PeerAuthentication"): PeerAuthentication,
    (_SECURITY, "RequestAuthentication"): RequestAuthentication,
    (_NETWORKING, "DestinationRule"): DestinationRule,
    (_NETWORKING, "ServiceEntry"): ServiceEntry,
    (_NETWORKING, "VirtualService"): VirtualService,
}
Report = Callable[[str], None]
Spec = TypeVar("Spec", bound=Model)
OtherSpec = TypeVar("OtherSpec", bound=Model)


class Metadata(Model):
    """The name of a resource."""

    name: str
    namespace: str


class Manifest(Model, Generic[Spec]):
    """A resource as it is written in a file."""

    api_version: str
    kind: str
    metadata: Metadata
    spec: Spec  # required: an empty spec has a meaning, a missing one is a mistake


@dataclass(frozen=True)
class Resource(Generic[Spec]):
    """A resource and the file that contains it."""

    file: str
    kind: str
    metadata: Metadata
    spec: Spec

    @property
    def name(self) -> str:
        """The name, which is unique among the resources of a kind and namespace."""
        return self.metadata.name

    @property
    def key(self) -> tuple[str, str, str]:
        """The identity of the resource in a cluster."""
        return (self.kind, self.metadata.namespace, self.metadata.name)

    def __str__(self) -> str:
        return f"{self.file}: {self.kind}/{self.name}"


@dataclass(frozen=True)
class Policies:
    """A set of resources."""

    resources: tuple[Resource[Any], ...]

    def of(self, kind: type[OtherSpec]) -> tuple[Resource[OtherSpec], ...]:
        """Return the resources of one kind."""
        return tuple(resource for resource in self.resources if isinstance(resource.spec, kind))

    def changed_by(self, others: Policies) -> Policies:
        """Return the result of `kubectl apply`: others replace resources of the same kind and name, or are added."""
        merged = {resource.key: resource for resource in (*self.resources, *others.resources)}
        return Policies(tuple(merged.values()))


def load(*paths: Path) -> Policies:
    """Return the resources in files, and in the files of folders. Raises MeshError with every problem."""
    problems: list[str] = []
    resources = [resource for file in _files(paths, problems) for resource in _read(file, problems.append)]
    problems += _duplicates(resources)
    if problems:
        raise MeshError(problems)
    return Policies(tuple(resources))


def load_with(changes: Iterable[Path] = (), *paths: Path) -> Policies:
    """Return the policies of `paths`, by default the stack's, after the files `changes` were applied in their order."""
    policies = load(*(paths or (FOLDER,)))
    for change in changes:
        policies = policies.changed_by(load(change))
    return policies


def _files(paths: Iterable[Path], problems: list[str]) -> Iterator[Path]:
    for path in paths:
        files = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
        if not files or not files[0].is_file():
            problems.append(f"{_shown(path)}: no such file")
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
        group = f"of {version}" if version else "without an apiVersion"
        report(f"{file}: {kind or 'a resource'} {group} {NOT_SUPPORTED}")
        return
    metadata = document.get("metadata")
    name = metadata.get("name", "?") if isinstance(metadata, dict) else "?"
    manifest_type: type[Manifest[Any]] = Manifest[spec]  # type: ignore[valid-type]
    manifest = decode(manifest_type, document, lambda line: report(f"{file}: {kind}/{name}: {line}"))
    if manifest is not None:
        yield Resource(file, kind, manifest.metadata, manifest.spec)


def _duplicates(resources: Iterable[Resource[Any]]) -> Iterator[str]:
    seen: dict[tuple[str, str, str], Resource[Any]] = {}
    for resource in resources:
        first = seen.setdefault(resource.key, resource)
        if first is not resource:
            yield f"{resource} is also in {first.file}"
