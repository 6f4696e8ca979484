"""Authorization: renders AuthorizationPolicies to Envoy's RBAC filters, with Istio's semantics.

A request that matches a DENY policy is denied. Otherwise it is allowed if no ALLOW policy selects the workload, or if
one matches. The rules are part of the routes, not of the listener: a changed route applies to the next request of every
connection, while a changed listener would close its connections.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from mesh.platform import Workload
from mesh.renderer.documents import Document, typed
from mesh.renderer.index import PolicyIndex
from mesh.renderer.resources import Action, AuthorizationPolicy, Operation, Rule, Source

_DENY, _ALLOW = "deny", "allow"
_ANY: Document = {"any": True}
Part = Callable[[str], Document]


def filters() -> list[Document]:
    """Return the two filters of a listener. They deny every request if a route has no rules."""
    deny_all = {"action": "ALLOW", "policies": {}}
    return [
        {"name": _DENY, "typed_config": typed("filters.http.rbac.v3.RBAC")},
        {"name": _ALLOW, "typed_config": typed("filters.http.rbac.v3.RBAC", rules=deny_all)},
    ]


def per_route(index: PolicyIndex, workload: Workload) -> Document:
    """Return the rules of a workload, by filter."""
    policies = index.authorization_policies(workload)
    return {
        name: typed("filters.http.rbac.v3.RBACPerRoute", rbac=_rbac(policies, action))
        for name, action in ((_DENY, Action.DENY), (_ALLOW, Action.ALLOW))
    }


def _rbac(policies: Iterable[tuple[str, AuthorizationPolicy]], action: Action) -> Document:
    selected = [(name, policy) for name, policy in policies if policy.action is action]
    if not selected:
        return {}  # the filter lets every request pass, while an ALLOW policy without rules lets none pass
    rules = {
        f"{name}[{number}]": _policy(rule)
        for name, policy in selected
        for number, rule in enumerate(policy.rules)
    }
    return {"rules": {"action": action.value, "policies": rules}}


def _policy(rule: Rule) -> Document:
    return {
        "permissions": [_operation(target.operation) for target in rule.to] or [_ANY],
        "principals": [_source(caller.source) for caller in rule.from_] or [_ANY],
    }


def _operation(operation: Operation) -> Document:
    parts = [
        *_any_of(operation.methods, _method, "or_rules", "rules"),
        *_any_of(operation.paths, _path, "or_rules", "rules"),
        *_none_of(operation.not_methods, _method, "not_rule", "or_rules", "rules"),
        *_none_of(operation.not_paths, _path, "not_rule", "or_rules", "rules"),
    ]
    return {"and_rules": {"rules": parts}} if parts else _ANY


def _source(source: Source) -> Document:
    parts = [
        *_any_of(source.principals, _principal, "or_ids", "ids"),
        *_any_of(source.namespaces, _namespace, "or_ids", "ids"),
        *_none_of(source.not_principals, _principal, "not_id", "or_ids", "ids"),
        *_none_of(source.not_namespaces, _namespace, "not_id", "or_ids", "ids"),
    ]
    return {"and_ids": {"ids": parts}} if parts else _ANY


def _any_of(values: tuple[str, ...], part: Part, either: str, inner: str) -> list[Document]:
    """Match one of the values. Without values there is no condition; an empty list would match no request."""
    return [{either: {inner: [part(value) for value in values]}}] if values else []


def _none_of(values: tuple[str, ...], part: Part, negation: str, either: str, inner: str) -> list[Document]:
    """Match none of the values."""
    return [{negation: found} for found in _any_of(values, part, either, inner)]


def _method(value: str) -> Document:
    return {"header": {"name": ":method", **_header(value)}}


def _header(value: str) -> Document:
    return {"present_match": True} if value == "*" else {"string_match": _text(value)}


def _path(value: str) -> Document:
    return {"url_path": {"path": _text(value)}}


def _principal(value: str) -> Document:
    if value == "*":
        return {"authenticated": {"principal_name": {"safe_regex": {"regex": ".+"}}}}
    if value.startswith("*"):
        return {"authenticated": {"principal_name": {"suffix": value[1:]}}}
    return {"authenticated": {"principal_name": _text(f"spiffe://{value}")}}


def _namespace(value: str) -> Document:
    # A namespace is a part of the identity, and Envoy matches a regular expression with all of it.
    name = ".*".join(map(re.escape, value.split("*")))
    return {"authenticated": {"principal_name": {"safe_regex": {"regex": f"spiffe://[^/]+/ns/{name}/sa/.*"}}}}


def _text(value: str) -> Document:
    """Translate Istio's wildcards: `*` at the beginning or at the end, or alone for any value that is not empty."""
    if value == "*":
        return {"safe_regex": {"regex": ".+"}}
    if value.endswith("*"):
        return {"prefix": value[:-1]}
    if value.startswith("*"):
        return {"suffix": value[1:]}
    return {"exact": value}
