"""Everything that the renderer does not support is an error that names the file, the resource and the field."""

from __future__ import annotations

from pathlib import Path

import pytest

from mesh.errors import MeshError
from mesh.renderer import render
from mesh.renderer.policies import load
from mesh.tests import cases

SECURITY, NETWORKING = "security.istio.io/v1", "networking.istio.io/v1"


def resource(kind: str, spec: str, name: str = "x", version: str = NETWORKING) -> str:
    """Return a resource as YAML."""
    metadata = f"metadata: {{name: {name}, namespace: night-market}}"
    return f"{{apiVersion: {version}, kind: {kind}, {metadata}, spec: {spec}}}\n---\n"


def route(fields: str, host: str = "backend", name: str = "x") -> str:
    """Return a VirtualService with one route, to the backend."""
    http = f"[{{route: [{{destination: {{host: backend}}}}]{', ' if fields else ''}{fields}}}]"
    return resource("VirtualService", f"{{hosts: [{host}], http: {http}}}", name)


def rule(fields: str, host: str = "backend", name: str = "x") -> str:
    """Return a DestinationRule."""
    return resource("DestinationRule", f"{{host: {host}{', ' if fields else ''}{fields}}}", name)


def security(spec: str, kind: str = "AuthorizationPolicy") -> str:
    """Return a resource of Istio's security group."""
    return resource(kind, spec, version=SECURITY)


def errors(tmp_path: Path, text: str) -> list[str]:
    """Return the errors about a file, without the file's name."""
    file = tmp_path / "x.yaml"
    file.write_text(text)
    with pytest.raises(MeshError) as caught:
        render(cases.policies(file), cases.platform())
    assert all(line.startswith(f"{file}: ") for line in caught.value.problems)
    return [line.removeprefix(f"{file}: ") for line in caught.value.problems]


NOT = "is not supported by the renderer"
INVALID = {
    "a field": (route("corsPolicy: {}"), f"VirtualService/x: spec.http[0].corsPolicy {NOT}"),
    "a misspelled field": (
        route("timeOut: 1s"),
        f"VirtualService/x: spec.http[0].timeOut {NOT}; did you mean timeout?",
    ),
    "a misspelled required field": (
        route("fault: {delay: {fixedDelai: 2s}}"),
        f"VirtualService/x: spec.http[0].fault.delay.fixedDelai {NOT}; did you mean fixedDelay?",
    ),
    "a field of a subset": (
        rule("subsets: [{name: a, labels: {}, trafficPolicy: {}}]"),
        f"DestinationRule/x: spec.subsets[0].trafficPolicy {NOT}",
    ),
    "a field outside the spec": (
        rule("").replace("spec:", "status: {}, spec:"),
        f"DestinationRule/x: status {NOT}",
    ),
    "a field of the metadata": (
        rule("").replace("name: x,", "name: x, labels: {},"),
        f"DestinationRule/x: metadata.labels {NOT}",
    ),
    "a condition": (security("{rules: [{when: []}]}"), f"AuthorizationPolicy/x: spec.rules[0].when {NOT}"),
    "a kind": (resource("Gateway", "{}"), f"Gateway of {NETWORKING} {NOT}"),
    "a version": (
        resource("VirtualService", "{}", version="networking.istio.io/v1alpha3"),
        f"VirtualService of networking.istio.io/v1alpha3 {NOT}",
    ),
    "a mode": (
        security("{mtls: {mode: PERMISSIVE}}", "PeerAuthentication"),
        "PeerAuthentication/x: spec.mtls.mode must be 'STRICT', not 'PERMISSIVE'",
    ),
    "an action": (
        security("{action: CUSTOM}"),
        "AuthorizationPolicy/x: spec.action must be 'ALLOW' or 'DENY', not 'CUSTOM'",
    ),
    "not a duration": (
        route("timeout: 5"),
        "VirtualService/x: spec.http[0].timeout: 5 is not a duration such as 2s or 100ms",
    ),
    "not an integer": (
        rule("trafficPolicy: {connectionPool: {tcp: {maxConnections: many}}}"),
        "DestinationRule/x: spec.trafficPolicy.connectionPool.tcp.maxConnections must be a valid integer, not 'many'",
    ),
    "true in the place of an integer": (
        rule("trafficPolicy: {connectionPool: {tcp: {maxConnections: true}}}"),
        "DestinationRule/x: spec.trafficPolicy.connectionPool.tcp.maxConnections must be a valid integer, not True",
    ),
    "an integer in the place of a string": (
        resource("DestinationRule", "{host: 7}"),
        "DestinationRule/x: spec.host must be a valid string, not 7",
    ),
    "not a number": (
        rule("trafficPolicy: {retryBudget: {percent: '20'}}"),
        "DestinationRule/x: spec.trafficPolicy.retryBudget.percent must be a valid number, not '20'",
    ),
    "not a boolean": (
        security(
            "{jwtRules: [{issuer: a, jwksUri: 'http://web/keys', forwardOriginalToken: 1}]}",
            "RequestAuthentication",
        ),
        "RequestAuthentication/x: spec.jwtRules[0].forwardOriginalToken must be a valid boolean, not 1",
    ),
    "not a list": (
        security("{rules: {}}"),
        "AuthorizationPolicy/x: spec.rules must be a valid array, not {}",
    ),
    "not a mapping": (
        security("{rules: [5]}"),
        "AuthorizationPolicy/x: spec.rules[0] must be an object, not 5",
    ),
    "null": (
        rule("trafficPolicy: null"),
        "DestinationRule/x: spec.trafficPolicy must be an object, not None",
    ),
    "a label that is not a string": (
        rule("subsets: [{name: a, labels: {version: 1}}]"),
        "DestinationRule/x: spec.subsets[0].labels.version must be a valid string, not 1",
    ),
    "a missing field": (
        rule("subsets: [{name: a}]"),
        "DestinationRule/x: spec.subsets[0].labels is missing",
    ),
    "a missing spec": (
        rule("").replace("spec:", "specs:"),
        f"DestinationRule/x: specs {NOT}; did you mean spec?",
    ),
    "a retry condition": (
        route("retries: {retryOn: '503,reset'}"),
        f"VirtualService/x: spec.http[0].retries: retryOn '503' {NOT}",
    ),
    "a status": (
        route("fault: {abort: {grpcStatus: BROKEN}}"),
        "VirtualService/x: spec.http[0].fault.abort: BROKEN is not a gRPC status",
    ),
    "a percentage": (
        route("mirror: {host: backend}, mirrorPercentage: {value: 101}"),
        "VirtualService/x: spec.http[0].mirrorPercentage.value must be less than or equal to 100, not 101",
    ),
    "weights": (
        resource(
            "VirtualService",
            "{hosts: [backend], http: [{route: [{destination: {host: backend}, weight: 30},"
            " {destination: {host: web}, weight: 30}]}]}",
        ),
        "VirtualService/x: spec.http[0]: the weights add up to 60, not to 100",
    ),
    "two ways to match": (
        route("match: [{uri: {exact: /a, prefix: /b}}]"),
        "VirtualService/x: spec.http[0].match[0].uri: needs exactly one of exact, prefix, regex",
    ),
    "a path template": (
        security("{rules: [{to: [{operation: {paths: ['/a/{*}']}}]}]}"),
        f"AuthorizationPolicy/x: spec.rules[0].to[0].operation: path template /a/{{*}} {NOT}",
    ),
    "two external hosts": (
        resource(
            "ServiceEntry",
            "{hosts: [bank.example, other.example], location: MESH_EXTERNAL, resolution: DNS,"
            " ports: [{number: 1, name: a, protocol: HTTP}]}",
        ),
        "ServiceEntry/x: spec: the renderer supports exactly one host and one port",
    ),
    "an unknown host": (route("", "moon"), "VirtualService/x: there is no host moon"),
    "an unknown host of a rule": (rule("", "moon"), "DestinationRule/x: there is no host moon"),
    "an unknown subset": (
        route("mirror: {host: backend, subset: v3}"),
        "VirtualService/x: spec.http[0]: the DestinationRule for backend has no subset v3",
    ),
    "an unknown workload": (
        security("{selector: {matchLabels: {app.kubernetes.io/name: moon}}}"),
        "AuthorizationPolicy/x: spec.selector matches no workload",
    ),
    "an unknown caller": (
        security("{rules: [{from: [{source: {principals: [cluster.local/ns/night-market/sa/moon]}}]}]}"),
        "AuthorizationPolicy/x: there is no caller cluster.local/ns/night-market/sa/moon",
    ),
    "plaintext in the mesh": (
        rule("trafficPolicy: {tls: {mode: DISABLE}}"),
        "DestinationRule/x: spec.trafficPolicy.tls: DISABLE is not valid for a host in the mesh",
    ),
    "mutual TLS outside the mesh": (
        rule("trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}", "bank.example"),
        "DestinationRule/x: spec.trafficPolicy.tls: ISTIO_MUTUAL is not valid for a host outside the mesh",
    ),
    "plaintext for a wildcard host": (
        rule("trafficPolicy: {tls: {mode: DISABLE}}", "'*.svc.cluster.local'"),
        "DestinationRule/x: spec.trafficPolicy.tls: DISABLE is not valid for a host in the mesh",
    ),
    "mutual TLS for a wildcard host": (
        rule("trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}", "'*'"),
        "DestinationRule/x: spec.trafficPolicy.tls: ISTIO_MUTUAL is not valid for a host outside the mesh",
    ),
    "subsets of a wildcard host": (
        rule("subsets: [{name: a, labels: {}}]", "'*.svc.cluster.local'"),
        f"DestinationRule/x: spec.subsets {NOT} for a wildcard host",
    ),
    "a wildcard that matches no host": (
        rule("", "'*.moon.svc.cluster.local'"),
        "DestinationRule/x: there is no host *.moon.svc.cluster.local",
    ),
    "a wildcard host of a VirtualService": (
        route("", "'*.night-market.svc.cluster.local'"),
        "VirtualService/x: there is no host *.night-market.svc.cluster.local",
    ),
    "keys outside the mesh": (
        security("{jwtRules: [{issuer: a, jwksUri: 'http://bank.example/keys'}]}", "RequestAuthentication"),
        "RequestAuthentication/x: there is no host bank.example",
    ),
    "keys over https": (
        security("{jwtRules: [{issuer: a, jwksUri: 'https://web/keys'}]}", "RequestAuthentication"),
        "RequestAuthentication/x: spec.jwtRules[0]: jwksUri https://web/keys is not an http:// address in the mesh",
    ),
    "an external host without an address": (
        resource(
            "ServiceEntry",
            "{hosts: [moon], location: MESH_EXTERNAL, resolution: DNS, ports: [{number: 1, name: a, protocol: HTTP}]}",
        ),
        "ServiceEntry/x: the platform has no address for moon",
    ),
    "another namespace": (
        rule("").replace("night-market", "elsewhere"),
        "DestinationRule/x: metadata.namespace is not night-market",
    ),
    "not a resource": ("just text", "contains a document that is not a resource"),
    "a key that is not a string": (
        rule("").replace("spec:", "spec: {2026-01-01: a}, x:"),
        "DestinationRule/x: keys must be str, int, float, bool or None, not datetime.date",
    ),
    "a misspelled field below a key": (
        route("match: [{headers: {1: {exakt: a}}}]"),
        f"VirtualService/x: spec.http[0].match[0].headers.1.exakt {NOT}; did you mean exact?",
    ),
    "a field in Python's spelling": (
        route("mirror_percentage: {value: 1}"),
        f"VirtualService/x: spec.http[0].mirror_percentage {NOT}; did you mean mirrorPercentage?",
    ),
    "an empty file": ("# a comment\n---\n", "contains no resource"),
}


@pytest.mark.parametrize("what", INVALID)
def test_one_mistake_is_one_line(what: str, tmp_path: Path) -> None:
    text, line = INVALID[what]
    assert errors(tmp_path, text) == [line]


def test_two_resources_of_the_same_name_are_an_error(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    assert errors(tmp_path, rule("") + rule("")) == [f"DestinationRule/x is also in {file}"]


def test_two_resources_for_the_same_host_are_an_error(tmp_path: Path) -> None:
    text = route("") + route("", "backend.night-market.svc.cluster.local", "y")
    file = tmp_path / "x.yaml"
    assert errors(tmp_path, text) == [f"VirtualService/y: VirtualService/x in {file} is for the same host"]


def test_all_problems_are_reported_together(tmp_path: Path) -> None:
    assert len(errors(tmp_path, route("corsPolicy: {}, timeout: x") + rule("typo: 1", name="y"))) == 3


def test_a_file_that_is_not_yaml_is_an_error(tmp_path: Path) -> None:
    (line,) = errors(tmp_path, "a: [")
    assert line.startswith("is not valid YAML: ")


def test_a_mesh_without_mutual_tls_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(security("{}"))
    with pytest.raises(MeshError, match="there is no PeerAuthentication"):
        render(load(file), cases.platform())
