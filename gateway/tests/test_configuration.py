"""The configuration files are valid and consistent."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.tests.client import Client
from gateway.tests.edge import GATEWAY, Documents, Edge, connection_manager, local_copy, running_edge
from gateway.tests.fake_upstreams import FakeUpstreams
from gateway.tests.http_rules import methods_by_path
from laptop import binaries
from tests.support.waiting import wait_until

# All but the gateway's own admin interface.
CLUSTERS = [
    cluster
    for cluster in yaml.safe_load((GATEWAY / "envoy.yaml").read_text())["static_resources"]["clusters"]
    if cluster["name"] != "admin"
]


def merged(documents: Documents) -> Any:
    """Return the configuration as one document, because Envoy's validation doesn't read other files."""
    whole, listener = documents["envoy.yaml"], documents["listener.yaml"]["resources"][0]
    connection_manager(documents)["route_config"] = documents["routes.yaml"]["resources"][0]
    for resource in (listener, connection_manager(documents)["route_config"]):
        del resource["@type"]
    del connection_manager(documents)["rds"], whole["dynamic_resources"]
    whole["static_resources"]["listeners"].append(listener)
    return whole


def test_envoy_accepts_the_configuration_without_a_warning(tmp_path: Path) -> None:
    configuration = tmp_path / "whole.json"
    configuration.write_text(json.dumps(merged(local_copy(tmp_path, {}))))
    command = [str(binaries.envoy()), "--mode", "validate", "--log-level", "warn"]
    command += ["--config-path", str(configuration)]
    check = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    warnings = [line for line in check.stderr.splitlines() if "[warning]" in line and "jwks" not in line]
    assert (check.returncode, warnings) == (0, []), check.stderr


def test_a_running_envoy_rejects_no_part_of_the_configuration(edge: Edge) -> None:
    assert "rejected" not in edge.log.read_text()
    assert edge.counter("listener_manager.lds.update_rejected") == 0
    assert edge.counter("http.market.rds.market.update_rejected") == 0


def test_an_edited_route_takes_effect_without_a_restart(upstreams: FakeUpstreams) -> None:
    with running_edge(upstreams.ports) as edge, Client(edge) as client:
        routes = edge.log.with_name("routes.yaml")
        document = json.loads(routes.read_text())
        new = {"match": {"path": "/new"}, "direct_response": {"status": 418}}
        document["resources"][0]["virtual_hosts"][0]["routes"].insert(0, new)
        edited = routes.with_suffix(".edited")
        edited.write_text(json.dumps(document))
        edited.rename(routes)
        wait_until(lambda: client.get("/new").status_code == 418)


@pytest.mark.parametrize("cluster", CLUSTERS, ids=lambda cluster: str(cluster["name"]))
def test_a_cluster_does_not_delay_startup_and_has_limits(cluster: dict[str, Any]) -> None:
    assert cluster["wait_for_warm_on_init"] is False
    assert cluster["circuit_breakers"]["thresholds"][0]["retry_budget"]["budget_percent"]["value"] == 20
    assert cluster["outlier_detection"]
    (endpoints,) = cluster["load_assignment"]["endpoints"]
    (endpoint,) = endpoints["lb_endpoints"]
    address = endpoint["endpoint"]["address"]["socket_address"]
    assert address == {"address": cluster["name"], "port_value": 4318 if "otel" in cluster["name"] else 8000}


def test_every_route_has_an_existing_cluster() -> None:
    (configuration,) = yaml.safe_load((GATEWAY / "routes.yaml").read_text())["resources"]
    (host,) = configuration["virtual_hosts"]
    named = {route["route"]["cluster"] for route in host["routes"] if "route" in route}
    assert named == {cluster["name"] for cluster in CLUSTERS} - {"otel-collector"}


def test_the_readme_names_every_path_of_the_api() -> None:
    readme = re.sub(r"\{.*?\}", "x", (GATEWAY / "README.md").read_text())
    assert [path for path in methods_by_path() if f"`{path}`" not in readme] == []


def test_the_admin_interface_is_on_loopback_only() -> None:
    admin = yaml.safe_load((GATEWAY / "envoy.yaml").read_text())["admin"]
    assert admin["address"]["socket_address"]["address"] == "127.0.0.1"
