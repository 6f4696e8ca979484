"""The stack in containers, with a sidecar for each service."""

from __future__ import annotations

import re
import secrets
import subprocess
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from laptop.ephemeral import free_port
from mesh.agent.containers import ADMIN, INBOUND, METRICS, PORT, container_platform, pod
from mesh.workloads import GATEWAY
from tests.containers.conftest import assert_audit_is_clean, running
from tests.containers.project import ROOT, Project, docker
from tests.containers.test_observability import fetch
from tests.containers.test_profiles import needs_image
from tests.support.waiting import wait_until
from tests.system.conftest import Customer, sign_up
from tests.system.test_outages import wait_until_confirmed, wait_until_ready

PLATFORM = container_platform(Path("/mesh"))
WORKLOADS = [workload.name for workload in PLATFORM.workloads]
SERVICES = [name for name in WORKLOADS if name != "recommendations-v2"]
REQUEST = "exec 3<>/dev/tcp/{}/{}; printf 'GET /readyz HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n' >&3; timeout 2 head -c 12 <&3"


@pytest.fixture(scope="module")
def mesh(compose: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Run a stack with a mesh from built images, and audit it after the tests."""
    folder = tmp_path_factory.mktemp("secrets") / "secrets"
    project = Project(f"night-market-mesh-{secrets.token_hex(3)}", folder, free_port()).with_mesh
    with running(project):
        yield project
        assert_audit_is_clean(project)


@pytest.fixture
def mesh_customer(mesh: Project) -> Customer:
    return sign_up(mesh.url)


def sidecar(workload: str) -> str:
    return f"{workload}-sidecar"


def plaintext_response(mesh: Project, host: str, port: int) -> str:
    """Return the beginning of the response to a plain HTTP request from inside the network; "" if there is none."""
    return mesh.exec(sidecar("storefront"), "bash", "-c", REQUEST.format(host, port)).stdout


def counter(mesh: Project, workload: str, name: str) -> int:
    """Return the sum of a sidecar's counters of this name, as Prometheus scrapes them."""
    page = requests.get(f"http://{mesh.address(pod(workload))}:{METRICS}/metrics", timeout=10).text
    return sum(int(value) for value in re.findall(rf"^{name} (\d+)$", page, re.MULTILINE))


def test_an_order_is_confirmed_through_the_sidecars(mesh, mesh_customer):
    responses = r'envoy_cluster_upstream_rq\{envoy_response_code="200",envoy_cluster_name="app"\}'
    before = {name: counter(mesh, name, responses) for name in ("orders", "payments")}
    mesh_customer.fill_cart("ramen-bowl")
    assert mesh_customer.buy().json()["state"] == "CONFIRMED"
    assert [name for name in before if counter(mesh, name, responses) <= before[name]] == []


def test_the_storefront_serves_pages(mesh):
    assert "Red Ramen Bowl" in requests.get(f"{mesh.url}/p/ramen-bowl", timeout=30).text


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_accepts_calls_only_through_its_sidecar(mesh, service):
    for port in (PORT, ADMIN, INBOUND):
        assert plaintext_response(mesh, pod(service), port) == ""
    assert plaintext_response(mesh, pod(service), METRICS).startswith("HTTP/1.1 404")


@pytest.mark.parametrize("workload", WORKLOADS)
def test_a_sidecar_can_read_only_its_own_key(mesh, workload):
    account = next(one.account for one in PLATFORM.workloads if one.name == workload)
    listed = mesh.exec(sidecar(workload), "sh", "-c", "ls /mesh/certificates; ls /mesh/sidecars; id -u")
    assert listed.stdout.split() == [account, workload, "10001"]


def test_only_the_agent_can_read_the_authority_s_key(mesh):
    shown = mesh.exec("mesh", "stat", "-c", "%a %u", "/mesh/certificates/authority/key.pem")
    assert shown.stdout == "600 10001\n"
    others = [sidecar(name) for name in WORKLOADS] + [GATEWAY]
    assert {mesh.exec(name, "ls", "/mesh/certificates/authority").returncode for name in others} == {2}


@pytest.mark.parametrize("container", ["orders", "orders-sidecar", "gateway", "mesh"])
def test_the_stack_recovers_if_a_container_is_killed(mesh, container, mesh_customer):
    docker("kill", mesh.container(container))
    docker("start", mesh.container(container))
    wait_until_ready(mesh.url)
    mesh_customer.fill_cart("ramen-bowl")
    wait_until_confirmed(
        mesh_customer, str(uuid.uuid4())
    )  # other containers may not have noticed the failure yet


@pytest.fixture
def applied(mesh: Project) -> Iterator[Callable[[str], subprocess.CompletedProcess[str]]]:
    """Return a function that applies resources as `compose/run.sh apply` does. They are removed after the test."""

    def apply(resources: str) -> subprocess.CompletedProcess[str]:
        return mesh.exec("mesh", "python", "-m", "mesh.agent", "apply", "lab.yaml", stdin=resources)

    yield apply
    mesh.exec("mesh", "python", "-m", "mesh.agent", "remove")


def test_a_change_of_policies_takes_effect(mesh, applied, mesh_customer):
    mesh_customer.fill_cart("ramen-bowl")
    done = applied((ROOT / "mesh" / "labs" / "bank-answers-2-seconds-late.yaml").read_text())
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("lab.yaml applied: payments changed, in ")
    assert mesh_customer.buy().elapsed.total_seconds() > 2


def test_an_invalid_change_is_a_one_line_error(applied):
    done = applied("{apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: x}}")
    assert (done.returncode, done.stderr.splitlines()) == (
        2, ["lab.yaml: Gateway of networking.istio.io/v1 is not supported by the renderer"],
    )  # fmt: skip


def test_prometheus_scrapes_every_sidecar(mesh):
    needs_image("prometheus")
    observed = replace(mesh, variables={"PROMETHEUS_PORT": str(free_port())})
    observed.run("--profile", "observability", "up", "--detach", "--no-deps", "prometheus")
    url = f"http://{observed.address('prometheus')}:9090"

    def scraped():
        found = fetch(f"{url}/api/v1/query", query="up{job='sidecars'}").get("data", {}).get("result", [])
        return {one["metric"]["service"] for one in found if one["value"][1] == "1"}

    wait_until(lambda: scraped() == {sidecar(name) for name in WORKLOADS}, timeout=60)
    observed.run("--profile", "observability", "rm", "--stop", "--force", "--volumes", "prometheus")


def test_all_containers_stop_cleanly_and_start_again(mesh, mesh_customer):
    names = list(mesh.configuration["services"])
    mesh.run("stop")
    exit_codes = {name: mesh.inspect(name)["State"]["ExitCode"] for name in names}
    assert {name: code for name, code in exit_codes.items() if code} == {}
    mesh.run("up", "--wait")
    mesh_customer.fill_cart("ramen-bowl")
    assert mesh_customer.buy().json()["state"] == "CONFIRMED"


def test_the_memory_of_the_mesh_is_reported_and_within_its_limits(compose, mesh, capsys):
    used = mesh.memory()
    added = {name: size for name, size in used.items() if name not in compose.configuration["services"]}
    with capsys.disabled():
        print(
            f"\n\nwith a mesh, {len(used)} containers use {sum(used.values()) / 1e6:,.1f} MB, of which the mesh"
        )
        print(f"(sidecars, pods, agent, canary version) uses {sum(added.values()) / 1e6:,.1f} MB")
    limits = {name: mesh.inspect(name)["HostConfig"]["Memory"] for name in added}
    assert [name for name, size in added.items() if not 0 < size < 0.8 * limits[name]] == []
