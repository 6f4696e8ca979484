"""What the profile `observability` shows of a market that runs: metrics, traces, alerts."""

import dataclasses
import subprocess

import pytest
import requests

from laptop.ephemeral import free_port
from tests.containers.test_profiles import has_image, needs_image
from tests.support.waiting import wait_until
from tests.system.test_outages import buys
from topology import SERVICES

OBSERVERS = ("prometheus", "otel-collector", "jaeger", "alertmanager")
LACKS_ITS_TEMPLATE = "default.tmpl: no such file"  # some builds of Alertmanager leave it to their package


@pytest.fixture(scope="module")
def observed(compose):
    """The market with its observers; gives the address of each page. Grafana and Loki are not needed for this."""
    needs_image("prometheus")
    present = [name for name in OBSERVERS if has_image(name)]
    ports = {name: free_port() for name in ("prometheus", "jaeger", "alertmanager")}
    more = {f"{name.upper()}_PORT": str(port) for name, port in ports.items()}
    dataclasses.replace(compose, more=more).run("--profile", "observability", "up", "--detach", *present)
    yield {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    compose.run("--profile", "observability", "rm", "--stop", "--force", "--volumes", *present)


def fetched(address, **parameters):
    """The JSON of a page; nothing while it does not answer."""
    try:
        answer = requests.get(address, params=parameters, timeout=10)
        return answer.json() if answer.status_code == 200 else {}
    except requests.ConnectionError:
        return {}


def asked(observed, query):
    """The values of a PromQL query, by their labels."""
    found = fetched(f"{observed['prometheus']}/api/v1/query", query=query).get("data", {}).get("result", [])
    return [(series["metric"], float(series["value"][1])) for series in found]


def test_prometheus_reads_every_service_and_the_gateway(observed):
    wanted = {service.name for service in SERVICES} | {"gateway"}

    def up():
        return {labels.get("service") or labels["job"] for labels, value in asked(observed, "up") if value}

    assert wait_until(lambda: wanted <= up(), timeout=60), wanted - up()


def test_a_purchase_is_one_trace_through_all_who_had_a_part_in_it(observed, shopper, plentiful):
    needs_image("otel-collector")
    needs_image("jaeger")
    buys(shopper, plentiful[0])

    def services():
        page = fetched(f"{observed['jaeger']}/api/traces", service="orders", limit=50, lookback="1h")
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
    # Which traces are kept is decided half a minute after they began.
    assert wait_until(lambda: wanted <= services(), timeout=120), services()


def services_of(trace):
    return {process["serviceName"] for process in trace["processes"].values()}


def test_that_the_market_cannot_sell_begins_an_alert_and_ends_it(observed, compose):
    def alerts():
        return {labels["alertname"] for labels, _ in asked(observed, "ALERTS")}

    compose.run("stop", "inventory")
    try:
        assert wait_until(lambda: "MarketCannotSell" in alerts(), timeout=90)
    finally:
        compose.run("start", "inventory")
    assert wait_until(lambda: "MarketCannotSell" not in alerts(), timeout=90)


def test_alertmanager_takes_its_configuration(observed, compose):
    needs_image("alertmanager")

    def ready():
        return bool(fetched(f"{observed['alertmanager']}/api/v2/status"))

    container = compose.container("alertmanager")
    wait_until(lambda: ready() or LACKS_ITS_TEMPLATE in said(container), timeout=60)
    if LACKS_ITS_TEMPLATE in said(container):
        pytest.skip("this build of Alertmanager lacks its own template: it was not tried")
    status = fetched(f"{observed['alertmanager']}/api/v2/status")
    assert "inhibit_rules" in status["config"]["original"]


def said(container):
    """Both streams of a container's log."""
    log = subprocess.run(["docker", "logs", container], capture_output=True, text=True, timeout=60)
    return log.stdout + log.stderr
