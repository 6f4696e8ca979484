"""Reports for people: the configuration of each sidecar, the effect of a change, the authorization matrix."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path

from mesh.errors import MeshError
from mesh.platform import Platform, Workload
from mesh.renderer import Files, render
from mesh.renderer.documents import to_yaml
from mesh.renderer.index import PolicyIndex
from mesh.renderer.matrix import Permission, permissions
from mesh.renderer.policies import load_with
from mesh.renderer.traffic import HttpRoute
from mesh.renderer.validation import validate


def sidecars(platform: Platform) -> Iterator[str]:
    """Yield one line for each sidecar: its ports, and the hosts that its program calls, each with its timeout.

    Raises MeshError if the policies are invalid.
    """
    index = validate(load_with(), platform)
    yield f"{'sidecar':<16} {'inbound':>8} {'service':>8}  calls"
    yield from (_summary(index, workload) for workload in platform.workloads)


def configuration(platform: Platform, sidecar: str = "") -> Iterator[str]:
    """Yield the complete configuration of one sidecar, or of all of them.

    Raises MeshError if the policies are invalid, or if there is no such sidecar.
    """
    rendered = render(load_with(), platform)
    if sidecar and sidecar not in rendered:
        raise MeshError([f"there is no sidecar {sidecar}, only {', '.join(rendered)}"])
    for name in [sidecar] if sidecar else rendered:
        for file, document in rendered[name].items():
            yield f"# {name}/{file}"
            yield to_yaml(document)


def difference(platform: Platform, file: Path) -> Iterator[str]:
    """Yield what changes in the sidecars' files if the resources of a file are applied.

    Raises MeshError if the policies or the file are invalid.
    """
    before, after = render(load_with(), platform), render(load_with([file]), platform)
    changes = [line for name in before for line in _differences(name, before[name], after[name])]
    yield from changes or ["no changes"]


def matrix(platform: Platform) -> Iterator[str]:
    """Yield one line for each caller and callee, with the calls that are allowed.

    Raises MeshError if the policies are invalid.
    """
    found = permissions(validate(load_with(), platform))
    yield f"{'caller':<16} {'callee':<16} allowed calls"
    pairs = dict.fromkeys((permission.callee, permission.caller) for permission in found)
    for callee, caller in pairs:
        calls = [_call(p) for p in found if (p.callee, p.caller) == (callee, caller)]
        yield f"{caller:<16} {callee:<16} {', '.join(dict.fromkeys(calls))}"


def _summary(index: PolicyIndex, workload: Workload) -> str:
    calls = (f"{host} ({_policy(index.routes(host))})" for host in workload.calls)
    inbound, service = (
        "" if address is None else f":{address.port}" for address in (workload.inbound, workload.app)
    )
    return f"{workload.name:<16} {inbound:>8} {service:>8}  {', '.join(calls) or '-'}"


def _policy(routes: tuple[HttpRoute, ...]) -> str:
    """Return the longest timeout of the routes, and whether one of them injects faults."""
    timeouts = [route.timeout for route in routes]
    timeout = "no timeout" if None in timeouts else str(max(t for t in timeouts if t is not None))
    return f"{timeout}, faults" if any(route.fault for route in routes) else timeout


def _differences(name: str, before: Files, after: Files) -> Iterator[str]:
    for file in dict.fromkeys((*before, *after)):
        old, new = (to_yaml(files[file]).splitlines() if file in files else [] for files in (before, after))
        yield from difflib.unified_diff(old, new, f"{name}/{file}", f"{name}/{file}", n=2, lineterm="")


def _call(permission: Permission) -> str:
    if permission.path == "*":
        return "all" if permission.methods == ("*",) else f"{'|'.join(permission.methods)} *"
    if permission.path.startswith(("/nightmarket.", "/grpc.")):
        return permission.path.rpartition(".")[2]
    return f"{'|'.join(permission.methods)} {permission.path}"
