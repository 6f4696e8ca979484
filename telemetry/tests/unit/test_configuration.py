"""The containers address each other correctly, and Prometheus scrapes all services."""

from __future__ import annotations

import re
from typing import Any

import yaml

import topology
from telemetry.tests.expressions import TELEMETRY

README = (TELEMETRY / "README.md").read_text()
# The open ports and their purposes.
PORTS = dict(re.findall(r"^\| `([a-z-]+:\d+)` \| ([^|]+) \|", README, re.MULTILINE))


def read(name: str) -> Any:
    return yaml.safe_load((TELEMETRY / name).read_text())


def targets(job: str) -> list[str]:
    """The targets of a scrape job."""
    [found] = [entry for entry in read("prometheus.yml")["scrape_configs"] if entry["job_name"] == job]
    return [target for group in found["static_configs"] for target in group["targets"]]


def test_prometheus_scrapes_every_service() -> None:
    assert targets("services") == [f"{service.name}:9000" for service in topology.SERVICES]


def test_prometheus_scrapes_the_gateway_and_the_telemetry_containers() -> None:
    assert targets("gateway") == ["gateway:9902"]
    assert targets("telemetry") == ["otel-collector:8888", "alertmanager:9093", "localhost:9090"]
    assert targets("otlp") == ["otel-collector:8889"]


def test_every_address_in_the_configuration_is_an_open_port() -> None:
    named: set[tuple[str, str]] = set()
    files = set(TELEMETRY.glob("*.y*ml")) - {
        TELEMETRY / "compose.yaml"
    }  # which has image versions in that form
    for path in [*files, *TELEMETRY.glob("grafana/provisioning/*/*.yaml")]:
        named |= set(
            re.findall(
                r"\b(otel-collector|jaeger|loki|prometheus|alertmanager|grafana)(:\d+)", path.read_text()
            )
        )
    assert {f"{host}{port}" for host, port in named} - PORTS.keys() == set()


def test_the_pipelines_of_the_collector_use_exactly_the_configured_components() -> None:
    collector = read("collector.yaml")
    pipelines = collector["service"]["pipelines"].values()
    for kind in ("receivers", "processors", "exporters"):
        assert {name for pipeline in pipelines for name in pipeline[kind]} == set(collector[kind])
    assert set(collector["service"]["extensions"]) == set(collector["extensions"])


def test_the_memory_limiter_is_the_first_processor_of_the_collector() -> None:
    pipelines = read("collector.yaml")["service"]["pipelines"].values()
    assert {pipeline["processors"][0] for pipeline in pipelines} == {"memory_limiter"}


def test_failed_traces_slow_traces_and_traces_of_orders_are_kept() -> None:
    policies = {
        p["name"]: p[p["type"]] for p in read("collector.yaml")["processors"]["tail_sampling"]["policies"]
    }
    assert policies["failed"] == {"status_codes": ["ERROR"]}
    assert policies["slow"] == {"threshold_ms": 1000}
    assert "PlaceOrder" in policies["orders"]["values"]


def test_the_stores_are_bounded() -> None:
    assert (
        read("jaeger.yaml")["extensions"]["jaeger_storage"]["backends"]["memory"]["memory"]["max_traces"] > 0
    )
    assert read("loki.yaml")["compactor"]["retention_enabled"]
    assert read("loki.yaml")["limits_config"]["retention_period"]


def test_market_cannot_sell_inhibits_its_consequences_but_not_its_causes() -> None:
    [rule, _] = read("alertmanager.yml")["inhibit_rules"]
    assert rule["source_matchers"] == ['alertname="MarketCannotSell"']
    [inhibited] = rule["target_matchers"]
    assert "CheckoutErrors" in inhibited
    assert "ServiceDown" not in inhibited
