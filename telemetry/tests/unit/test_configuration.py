"""The parts find each other, and Prometheus asks everybody."""

from __future__ import annotations

import re
from typing import Any

import yaml

import topology
from telemetry.tests.expressions import TELEMETRY

README = (TELEMETRY / "README.md").read_text()
# Who may be asked what: the parts, the ports that they open, and what for.
PORTS = dict(re.findall(r"^\| `([a-z-]+:\d+)` \| ([^|]+) \|", README, re.MULTILINE))


def read(name: str) -> Any:
    return yaml.safe_load((TELEMETRY / name).read_text())


def targets(job: str) -> list[str]:
    """The addresses that a job of Prometheus asks."""
    [found] = [entry for entry in read("prometheus.yml")["scrape_configs"] if entry["job_name"] == job]
    return [target for group in found["static_configs"] for target in group["targets"]]


def test_prometheus_asks_every_service() -> None:
    assert targets("services") == [f"{service.name}:9000" for service in topology.SERVICES]


def test_prometheus_asks_the_gateway_the_collector_and_those_who_alert() -> None:
    assert targets("gateway") == ["gateway:9902"]
    assert targets("telemetry") == ["otel-collector:8888", "alertmanager:9093", "localhost:9090"]
    assert targets("otlp") == ["otel-collector:8889"]


def test_every_address_that_a_part_names_is_one_that_another_opens() -> None:
    named: set[tuple[str, str]] = set()
    files = set(TELEMETRY.glob("*.y*ml")) - {TELEMETRY / "compose.yaml"}  # which names versions in that form
    for path in [*files, *TELEMETRY.glob("grafana/provisioning/*/*.yaml")]:
        named |= set(
            re.findall(
                r"\b(otel-collector|jaeger|loki|prometheus|alertmanager|grafana)(:\d+)", path.read_text()
            )
        )
    assert {f"{host}{port}" for host, port in named} - PORTS.keys() == set()


def test_what_a_pipeline_of_the_collector_names_is_configured_and_nothing_more() -> None:
    collector = read("collector.yaml")
    pipelines = collector["service"]["pipelines"].values()
    for kind in ("receivers", "processors", "exporters"):
        assert {name for pipeline in pipelines for name in pipeline[kind]} == set(collector[kind])
    assert set(collector["service"]["extensions"]) == set(collector["extensions"])


def test_the_collector_protects_itself_before_anything_else() -> None:
    pipelines = read("collector.yaml")["service"]["pipelines"].values()
    assert {pipeline["processors"][0] for pipeline in pipelines} == {"memory_limiter"}


def test_every_trace_of_an_error_or_an_order_is_kept_and_every_slow_one() -> None:
    policies = {
        p["name"]: p[p["type"]] for p in read("collector.yaml")["processors"]["tail_sampling"]["policies"]
    }
    assert policies["failed"] == {"status_codes": ["ERROR"]}
    assert policies["slow"] == {"threshold_ms": 1000}
    assert "PlaceOrder" in policies["orders"]["values"]


def test_what_is_kept_has_a_bound() -> None:
    assert (
        read("jaeger.yaml")["extensions"]["jaeger_storage"]["backends"]["memory"]["memory"]["max_traces"] > 0
    )
    assert read("loki.yaml")["compactor"]["retention_enabled"]
    assert read("loki.yaml")["limits_config"]["retention_period"]


def test_while_the_market_cannot_sell_its_consequences_are_silent_and_its_causes_are_not() -> None:
    [rule, _] = read("alertmanager.yml")["inhibit_rules"]
    assert rule["source_matchers"] == ['alertname="MarketCannotSell"']
    [silent] = rule["target_matchers"]
    assert "CheckoutErrors" in silent
    assert "ServiceDown" not in silent
