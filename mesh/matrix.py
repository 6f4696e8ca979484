"""Who may call what, as the policies say it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mesh.lookup import Lookup
from mesh.resources import Action, From, Operation, Rule


@dataclass(frozen=True, order=True)
class Permission:
    """One caller may call one path of one callee; `*` stands for all, and for anybody."""

    callee: str
    caller: str
    path: str = "*"
    methods: tuple[str, ...] = ("*",)


def permissions(lookup: Lookup) -> tuple[Permission, ...]:
    """Everything that is allowed, sorted. What is denied all the same is not taken off."""
    services = {workload.service: workload for workload in lookup.site.workloads}
    found = {
        permission
        for service, workload in services.items()
        for _, policy in lookup.authorization(workload)
        if policy.action is Action.ALLOW
        for rule in policy.rules
        for permission in _allowed(service, rule)
    }
    return tuple(sorted(found))


def _allowed(callee: str, rule: Rule) -> Iterator[Permission]:
    callers = [name for caller in rule.from_ for name in _callers(caller)] or ["*"]
    operations = [target.operation for target in rule.to] or [Operation()]
    for caller in callers:
        for operation in operations:
            methods = operation.methods or ("*",)
            yield from (Permission(callee, caller, path, methods) for path in operation.paths or ("*",))


def _callers(caller: From) -> Iterator[str]:
    source = caller.source
    yield from (principal.rpartition("/sa/")[2] for principal in source.principals)
    yield from (f"all of {namespace}" for namespace in source.namespaces)


def lines(found: tuple[Permission, ...]) -> Iterator[str]:
    """As a table: a line for each callee and caller, with what may be called."""
    pairs = dict.fromkeys((permission.callee, permission.caller) for permission in found)
    for callee, caller in pairs:
        calls = [_shown(p) for p in found if (p.callee, p.caller) == (callee, caller)]
        yield f"{caller:<16} {callee:<16} {', '.join(dict.fromkeys(calls))}"


def _shown(permission: Permission) -> str:
    if permission.path == "*":
        return "everything" if permission.methods == ("*",) else f"{'|'.join(permission.methods)} everything"
    if permission.path.startswith(("/nightmarket.", "/grpc.")):
        return permission.path.rpartition(".")[2]
    return f"{'|'.join(permission.methods)} {permission.path}"
