"""The gateway's configuration in laptop mode."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from laptop import LaptopError
from laptop.gateway import ROOT, localized, write_configuration
from laptop.stack import Stack

CATALOG = {"socket_address": {"address": "catalog", "port_value": 8000}}


def written(stack: Stack, name: str, **caller: str) -> Any:
    write_configuration(stack, caller)
    return json.loads((stack.state_dir.run / "gateway" / name).read_text())


def addresses_in(node: Any) -> set[tuple[str, int]]:
    if isinstance(node, list):
        return set().union(*map(addresses_in, node))
    if not isinstance(node, dict):
        return set()
    own = {(node["address"], node["port_value"])} if "port_value" in node else set()
    return own.union(*map(addresses_in, node.values()))


def test_an_address_is_replaced_at_any_depth(tmp_path: Path) -> None:
    found = localized([{"a": {"b": CATALOG}}], {("catalog", 8000): ("127.0.0.1", 1)}, tmp_path)
    assert found == [{"a": {"b": {"socket_address": {"address": "127.0.0.1", "port_value": 1}}}}]


def test_an_unknown_address_is_named(tmp_path: Path) -> None:
    with pytest.raises(LaptopError, match="catalog:8000"):
        localized(CATALOG, {}, tmp_path)


def test_files_of_the_container_become_files_of_the_checkout(tmp_path: Path) -> None:
    found = localized(["/etc/envoy/openapi.json", "/etc/envoy/routes.yaml"], {}, tmp_path)
    assert found == [str(ROOT / "libs/contracts/openapi.json"), str(tmp_path / "routes.yaml")]


def test_the_gateway_listens_on_loopback_at_its_port(stack: Stack) -> None:
    listener = written(stack, "listener.yaml")["resources"][0]
    assert listener["address"]["socket_address"] == {"address": "127.0.0.1", "port_value": 20000}


def test_all_addresses_are_on_loopback(stack: Stack) -> None:
    assert {host for host, _ in addresses_in(written(stack, "envoy.yaml"))} == {"127.0.0.1"}


def test_an_address_override_changes_the_gateway(stack: Stack) -> None:
    found = addresses_in(written(replace(stack, address_overrides={("gateway", "orders"): 1}), "envoy.yaml"))
    assert ("127.0.0.1", 1) in found
    assert ("127.0.0.1", stack.ports.service("orders")) not in found


def tracing(document: Any) -> int:
    layers = document["layered_runtime"]["layers"]
    return next(
        int(layer["static_layer"]["tracing"]["global_enabled"]) for layer in layers if "static_layer" in layer
    )


def test_tracing_is_off_without_a_collector(stack: Stack) -> None:
    assert tracing(written(stack, "envoy.yaml")) == 0


def test_traces_go_to_the_callers_collector(stack: Stack) -> None:
    document = written(stack, "envoy.yaml", OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.7:4999")
    assert ("127.0.0.7", 4999) in addresses_in(document)
    assert tracing(document) == 100


def test_a_collector_that_is_not_an_address_is_rejected(stack: Stack) -> None:
    with pytest.raises(LaptopError, match="OTEL_EXPORTER_OTLP_ENDPOINT is not an address"):
        write_configuration(stack, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:http"})
