"""What the renderer does not do it refuses: by file, by resource, by field, a line each."""

from __future__ import annotations

from pathlib import Path

import pytest

from mesh.errors import MeshError
from mesh.policies import load
from mesh.render import render
from mesh.tests import cases

SECURITY, NETWORKING = "security.istio.io/v1", "networking.istio.io/v1"


def resource(kind: str, spec: str, name: str = "x", version: str = NETWORKING) -> str:
    """A resource as YAML."""
    metadata = f"metadata: {{name: {name}, namespace: night-market}}"
    return f"{{apiVersion: {version}, kind: {kind}, {metadata}, spec: {spec}}}\n---\n"


def route(fields: str, host: str = "shelf", name: str = "x") -> str:
    """A VirtualService with one route to the shelf."""
    http = f"[{{route: [{{destination: {{host: shelf}}}}]{', ' if fields else ''}{fields}}}]"
    return resource("VirtualService", f"{{hosts: [{host}], http: {http}}}", name)


def rule(fields: str, host: str = "shelf", name: str = "x") -> str:
    """A DestinationRule."""
    return resource("DestinationRule", f"{{host: {host}{', ' if fields else ''}{fields}}}", name)


def guard(spec: str, kind: str = "AuthorizationPolicy") -> str:
    """An AuthorizationPolicy."""
    return resource(kind, spec, version=SECURITY)


def refused(tmp_path: Path, text: str) -> list[str]:
    """The lines that a file is refused with, without the file's name."""
    file = tmp_path / "x.yaml"
    file.write_text(text)
    with pytest.raises(MeshError) as caught:
        render(cases.policies(file), cases.site())
    assert all(line.startswith(f"{file}: ") for line in caught.value.problems)
    return [line.removeprefix(f"{file}: ") for line in caught.value.problems]


NOT = "is not supported by the renderer"
ONE_LINE = {
    "a field": (route("corsPolicy: {}"), f"VirtualService/x: spec.http[0].corsPolicy {NOT}"),
    "a misspelt field": (
        route("timeOut: 1s"),
        f"VirtualService/x: spec.http[0].timeOut {NOT}: is timeout meant?",
    ),
    "a misspelt field that must be there": (
        route("fault: {delay: {fixedDelai: 2s}}"),
        f"VirtualService/x: spec.http[0].fault.delay.fixedDelai {NOT}: is fixedDelay meant?",
    ),
    "a field of a subset": (
        rule("subsets: [{name: a, labels: {}, trafficPolicy: {}}]"),
        f"DestinationRule/x: spec.subsets[0].trafficPolicy {NOT}",
    ),
    "a condition": (guard("{rules: [{when: []}]}"), f"AuthorizationPolicy/x: spec.rules[0].when {NOT}"),
    "a kind": (resource("Gateway", "{}"), f"Gateway of {NETWORKING} {NOT}"),
    "a version": (
        resource("VirtualService", "{}", version="networking.istio.io/v1alpha3"),
        f"VirtualService of networking.istio.io/v1alpha3 {NOT}",
    ),
    "a mode": (
        guard("{mtls: {mode: PERMISSIVE}}", "PeerAuthentication"),
        f"PeerAuthentication/x: spec.mtls.mode: PERMISSIVE {NOT}, only STRICT",
    ),
    "an action": (
        guard("{action: CUSTOM}"),
        f"AuthorizationPolicy/x: spec.action: CUSTOM {NOT}, only ALLOW, DENY",
    ),
    "no duration": (
        route("timeout: 5"),
        "VirtualService/x: spec.http[0].timeout: 5 is no duration such as 2s or 100ms",
    ),
    "no whole number": (
        rule("trafficPolicy: {connectionPool: {tcp: {maxConnections: many}}}"),
        "DestinationRule/x: spec.trafficPolicy.connectionPool.tcp.maxConnections must be a whole number, not 'many'",
    ),
    "no list": (guard("{rules: {}}"), "AuthorizationPolicy/x: spec.rules must be a list"),
    "something missing": (
        rule("subsets: [{name: a}]"),
        "DestinationRule/x: spec.subsets[0].labels is missing",
    ),
    "a retry condition": (
        route("retries: {retryOn: '503,reset'}"),
        f"VirtualService/x: spec.http[0].retries: retryOn '503' {NOT}",
    ),
    "a status": (
        route("fault: {abort: {grpcStatus: BROKEN}}"),
        "VirtualService/x: spec.http[0].fault.abort: BROKEN is no gRPC status",
    ),
    "a share": (
        route("mirror: {host: shelf}, mirrorPercentage: {value: 101}"),
        "VirtualService/x: spec.http[0].mirrorPercentage: 101 is not from 0 to 100",
    ),
    "weights": (
        resource(
            "VirtualService",
            "{hosts: [shelf], http: [{route: [{destination: {host: shelf}, weight: 30},"
            " {destination: {host: desk}, weight: 30}]}]}",
        ),
        "VirtualService/x: spec.http[0]: the weights add up to 60, not to 100",
    ),
    "two ways to match": (
        route("match: [{uri: {exact: /a, prefix: /b}}]"),
        "VirtualService/x: spec.http[0].match[0].uri: needs exactly one of exact, prefix, regex",
    ),
    "a template": (
        guard("{rules: [{to: [{operation: {paths: ['/a/{*}']}}]}]}"),
        "AuthorizationPolicy/x: spec.rules[0].to[0].operation: /a/{*} is a template",
    ),
    "an unknown host": (route("", "moon"), "VirtualService/x: there is no host moon"),
    "an unknown host of a rule": (rule("", "moon"), "DestinationRule/x: there is no host moon"),
    "an unknown subset": (
        route("mirror: {host: shelf, subset: v3}"),
        "VirtualService/x: spec.http[0]: the DestinationRule for shelf has no subset v3",
    ),
    "an unknown workload": (
        guard("{selector: {matchLabels: {app.kubernetes.io/name: moon}}}"),
        "AuthorizationPolicy/x: spec.selector fits no workload",
    ),
    "an unknown caller": (
        guard("{rules: [{from: [{source: {principals: [cluster.local/ns/night-market/sa/moon]}}]}]}"),
        "AuthorizationPolicy/x: there is no caller cluster.local/ns/night-market/sa/moon",
    ),
    "plaintext in the mesh": (
        rule("trafficPolicy: {tls: {mode: DISABLE}}"),
        "DestinationRule/x: spec.trafficPolicy.tls: DISABLE is not for a host of the mesh",
    ),
    "mutual TLS outside it": (
        rule("trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}", "bank.example"),
        "DestinationRule/x: spec.trafficPolicy.tls: ISTIO_MUTUAL is not for a host outside the mesh",
    ),
    "keys outside the mesh": (
        guard("{jwtRules: [{issuer: a, jwksUri: 'http://bank.example/keys'}]}", "RequestAuthentication"),
        "RequestAuthentication/x: there is no host bank.example",
    ),
    "keys by https": (
        guard("{jwtRules: [{issuer: a, jwksUri: 'https://desk/keys'}]}", "RequestAuthentication"),
        "RequestAuthentication/x: spec.jwtRules[0]: jwksUri https://desk/keys is not http:// of a host in the mesh",
    ),
    "a host outside that is nowhere": (
        resource(
            "ServiceEntry",
            "{hosts: [moon], location: MESH_EXTERNAL, resolution: DNS, ports: [{number: 1, name: a, protocol: HTTP}]}",
        ),
        "ServiceEntry/x: the site does not say where moon is",
    ),
    "another namespace": (
        rule("").replace("night-market", "elsewhere"),
        "DestinationRule/x: metadata.namespace is not night-market",
    ),
    "no resource": ("just text", "holds something that is no resource"),
    "nothing": ("# a comment\n---\n", "there is no resource in it"),
}


@pytest.mark.parametrize("what", ONE_LINE)
def test_it_is_refused_in_one_line(what: str, tmp_path: Path) -> None:
    text, line = ONE_LINE[what]
    assert refused(tmp_path, text) == [line]


def test_two_resources_of_one_name_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    assert refused(tmp_path, rule("") + rule("")) == [f"DestinationRule/x is also in {file}"]


def test_two_resources_for_one_host_are_refused(tmp_path: Path) -> None:
    text = route("") + route("", "shelf.night-market.svc.cluster.local", "y")
    file = tmp_path / "x.yaml"
    assert refused(tmp_path, text) == [
        f"VirtualService/y: there is another for host shelf, VirtualService/x in {file}"
    ]


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    assert len(refused(tmp_path, route("corsPolicy: {}, timeout: x") + rule("typo: 1", name="y"))) == 3


def test_what_is_no_yaml_is_refused(tmp_path: Path) -> None:
    (line,) = refused(tmp_path, "a: [")
    assert line.startswith("is no YAML: ")


def test_a_mesh_without_mutual_tls_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(guard("{}"))
    with pytest.raises(MeshError, match="no PeerAuthentication is there"):
        render(load(file), cases.site())
