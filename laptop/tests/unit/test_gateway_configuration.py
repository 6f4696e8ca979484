"""The gateway's configuration on a laptop."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from laptop.environment import Market
from laptop.errors import LaptopError
from laptop.gateway import ROOT, localised, write_configuration

CATALOG = {"socket_address": {"address": "catalog", "port_value": 8000}}


def written(market: Market, name: str, **caller: str) -> Any:
    write_configuration(market, caller)
    return json.loads((market.home.run / "gateway" / name).read_text())


def addresses_in(node: Any) -> set[tuple[str, int]]:
    if isinstance(node, list):
        return set().union(*map(addresses_in, node))
    if not isinstance(node, dict):
        return set()
    own = {(node["address"], node["port_value"])} if "port_value" in node else set()
    return own.union(*map(addresses_in, node.values()))


def test_an_address_is_replaced_wherever_it_stands(tmp_path: Path) -> None:
    found = localised([{"a": {"b": CATALOG}}], {("catalog", 8000): ("127.0.0.1", 1)}, tmp_path)
    assert found == [{"a": {"b": {"socket_address": {"address": "127.0.0.1", "port_value": 1}}}}]


def test_an_unknown_address_is_named(tmp_path: Path) -> None:
    with pytest.raises(LaptopError, match="catalog:8000"):
        localised(CATALOG, {}, tmp_path)


def test_files_of_the_container_become_files_of_the_checkout(tmp_path: Path) -> None:
    found = localised(["/etc/envoy/openapi.json", "/etc/envoy/routes.yaml"], {}, tmp_path)
    assert found == [str(ROOT / "libs/contracts/openapi.json"), str(tmp_path / "routes.yaml")]


def test_the_market_listens_on_loopback_at_its_port(market: Market) -> None:
    listener = written(market, "listener.yaml")["resources"][0]
    assert listener["address"]["socket_address"] == {"address": "127.0.0.1", "port_value": 20000}


def test_all_addresses_are_of_this_machine(market: Market) -> None:
    assert {host for host, _ in addresses_in(written(market, "envoy.yaml"))} == {"127.0.0.1"}


def test_a_detour_leads_the_gateway_elsewhere(market: Market) -> None:
    found = addresses_in(written(replace(market, detours={("gateway", "orders"): 1}), "envoy.yaml"))
    assert ("127.0.0.1", 1) in found
    assert ("127.0.0.1", market.ports.service("orders")) not in found


def tracing(document: Any) -> int:
    layers = document["layered_runtime"]["layers"]
    return next(
        int(layer["static_layer"]["tracing"]["global_enabled"]) for layer in layers if "static_layer" in layer
    )


def test_nothing_is_traced_where_nobody_collects(market: Market) -> None:
    assert tracing(written(market, "envoy.yaml")) == 0


def test_traces_go_to_the_callers_collector(market: Market) -> None:
    document = written(market, "envoy.yaml", OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.7:4999")
    assert ("127.0.0.7", 4999) in addresses_in(document)
    assert tracing(document) == 100


def test_a_collector_that_is_no_address_is_refused(market: Market) -> None:
    with pytest.raises(LaptopError, match="OTEL_EXPORTER_OTLP_ENDPOINT is not an address"):
        write_configuration(market, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:http"})
