"""The authorization matrix: the calls that the policies allow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mesh.renderer.index import PolicyIndex
from mesh.renderer.resources import Action, From, Operation, Rule


@dataclass(frozen=True, order=True)
class Permission:
    """One caller may call one path of one callee. `*` as a path, method or caller stands for all of them."""

    callee: str
    caller: str
    path: str = "*"
    methods: tuple[str, ...] = ("*",)


def permissions(index: PolicyIndex) -> tuple[Permission, ...]:
    """Return everything that ALLOW policies allow, sorted. DENY policies are not subtracted."""
    services = {workload.service: workload for workload in index.platform.workloads}
    found = {
        permission
        for service, workload in services.items()
        for _, policy in index.authorization_policies(workload)
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
