"""The profile `observability` shows metrics, traces and alerts of a running stack."""

import dataclasses
import subprocess

import pytest
import requests

from laptop.ephemeral import free_port
from tests.containers.test_profiles import has_image, needs_image
from tests.support.waiting import wait_until
from tests.system.test_outages import buy
from topology import SERVICES

TELEMETRY = ("prometheus", "otel-collector", "jaeger", "alertmanager")
MISSING_TEMPLATE = "default.tmpl: no such file"  # some builds of Alertmanager do not include it


@pytest.fixture(scope="module")
def observed(compose):
    """Runs the stack with these containers, and gives the URL of each page. Grafana and Loki are not needed."""
    needs_image("prometheus")
    present = [name for name in TELEMETRY if has_image(name)]
    ports = {name: free_port() for name in ("prometheus", "jaeger", "alertmanager")}
    variables = {f"{name.upper()}_PORT": str(port) for name, port in ports.items()}
    dataclasses.replace(compose, variables=variables).run(
        "--profile", "observability", "up", "--detach", *present
    )
    yield {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    compose.run("--profile", "observability", "rm", "--stop", "--force", "--volumes", *present)


def fetch(address, **parameters):
    """Return the JSON of a page, or an empty object if it does not answer."""
    try:
        answer = requests.get(address, params=parameters, timeout=10)
        return answer.json() if answer.status_code == 200 else {}
    except requests.ConnectionError:
        return {}


def query(observed, promql):
    """Return the values of a PromQL query, with their labels."""
    found = fetch(f"{observed['prometheus']}/api/v1/query", query=promql).get("data", {}).get("result", [])
    return [(series["metric"], float(series["value"][1])) for series in found]


def test_prometheus_scrapes_every_service_and_the_gateway(observed):
    wanted = {service.name for service in SERVICES} | {"gateway"}

    def up():
        return {labels.get("service") or labels["job"] for labels, value in query(observed, "up") if value}

    assert wait_until(lambda: wanted <= up(), timeout=60), wanted - up()


def test_a_purchase_is_one_trace_through_all_its_services(observed, customer, in_stock):
    needs_image("otel-collector")
    needs_image("jaeger")
    buy(customer, in_stock[0])

    def services():
        page = fetch(f"{observed['jaeger']}/api/traces", service="orders", limit=50, lookback="1h")
        return max((services_of(trace) for trace in page.get("data") or []), key=len, default=set())

    wanted = {
        "gateway",
        "orders",
        "catalog",
        "cart",
        "inventory",
        "payments",
        "bank",
        "shipping",
        "notifications",
    }
    # The collector decides half a minute after its start whether it keeps a trace.
    assert wait_until(lambda: wanted <= services(), timeout=120), services()


def services_of(trace):
    return {process["serviceName"] for process in trace["processes"].values()}


def test_an_alert_fires_while_the_shop_cannot_sell(observed, compose):
    def alerts():
        return {labels["alertname"] for labels, _ in query(observed, "ALERTS")}

    compose.run("stop", "inventory")
    try:
        assert wait_until(lambda: "MarketCannotSell" in alerts(), timeout=90)
    finally:
        compose.run("start", "inventory")
    assert wait_until(lambda: "MarketCannotSell" not in alerts(), timeout=90)


def test_alertmanager_accepts_its_configuration(observed, compose):
    needs_image("alertmanager")

    def ready():
        return bool(fetch(f"{observed['alertmanager']}/api/v2/status"))

    container = compose.container("alertmanager")
    wait_until(lambda: ready() or MISSING_TEMPLATE in log_of(container), timeout=60)
    if MISSING_TEMPLATE in log_of(container):
        pytest.skip("this build of Alertmanager does not include its template")
    status = fetch(f"{observed['alertmanager']}/api/v2/status")
    assert "inhibit_rules" in status["config"]["original"]


def log_of(container):
    """Return both streams of a container's log."""
    done = subprocess.run(["docker", "logs", container], capture_output=True, text=True, timeout=60)
    return done.stdout + done.stderr
