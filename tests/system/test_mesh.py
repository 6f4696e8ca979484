"""The stack with a sidecar for each service: customers buy as without, also while policies change."""

import contextlib
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import psutil
import pytest
import requests

from laptop import gateway, sidecars
from laptop.ephemeral import free_port_block
from laptop.state_dir import StateDir
from laptop.status import require_running
from mesh.tests.small_mesh import inotify_instances
from tests.system.conftest import GRACE, MESH, ROOT, Customer, sign_up, stores_of
from tools.audit import run

LABS = ROOT / "mesh" / "labs"


@pytest.fixture(scope="module")
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the state folder of the stack with a mesh: that of all tests if MESH is set, else a new one."""
    if MESH:
        shared: Path = request.getfixturevalue("state_folder")
        return shared
    return tmp_path_factory.mktemp("mesh") / "market"


def laptop(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of laptop mode as make does."""
    command = [sys.executable, "-m", "laptop", *arguments, "--dir", str(folder)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def mesh(request, folder):
    """Run a stack with sidecars and audit it after the tests. Yields its URL."""
    if MESH:
        yield request.getfixturevalue("stack_url")
        return
    port = free_port_block()
    try:
        started = laptop(folder, "up", "--mesh", "--port", str(port))
        assert started.returncode == 0, started.stdout + started.stderr
        yield f"http://127.0.0.1:{port}"
        report = run(stores_of(folder), grace=GRACE)
        assert report.is_clean, report.text()
    finally:
        laptop(folder, "reset", "--yes")


@pytest.fixture
def mesh_customer(mesh) -> Customer:
    return sign_up(mesh)


@pytest.fixture
def applied(folder):
    """Return a function that applies a lab. All applied files are removed after the test."""

    def apply(name):
        done = laptop(folder, "mesh-apply", str(LABS / name))
        assert done.returncode == 0, done.stderr

    yield apply
    laptop(folder, "mesh-remove")


@pytest.fixture
def page_views(mesh):
    """View a product page from four threads during the test. Yields the number of responses by status."""
    statuses: Counter[int] = Counter()
    stopped = threading.Event()

    def view():
        while not stopped.is_set():
            statuses[requests.get(f"{mesh}/p/ramen-bowl", timeout=30).status_code] += 1

    threads = [threading.Thread(target=view) for _ in range(4)]
    for thread in threads:
        thread.start()
    yield statuses
    stopped.set()
    for thread in threads:
        thread.join()


def test_an_order_is_confirmed_through_the_sidecars(mesh_customer):
    mesh_customer.fill_cart("ramen-bowl")
    assert mesh_customer.buy().json()["state"] == "CONFIRMED"


def test_no_request_fails_while_policies_change(applied, page_views):
    for lab in ("10-percent", "50-percent", "100-percent", "mirrored"):
        applied(f"recommendations-v2-{lab}.yaml")
    assert set(page_views) == {200}
    assert page_views[200] > 50


def test_an_applied_lab_takes_effect(applied, mesh_customer):
    mesh_customer.fill_cart("ramen-bowl")
    applied("bank-answers-2-seconds-late.yaml")
    assert mesh_customer.buy().elapsed.total_seconds() > 2


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        (
            "hosts: [bank.outside.svc.cluster.local], gatewys: [mesh]",
            "spec.gatewys is not supported by the renderer",
        ),
        ("hosts: [bank.outside.svc.cluster.local], tcp: []", "spec.tcp is not supported by the renderer"),
        ("hosts: [moon]", "there is no host moon"),
        ("hosts: [shipping]", "VirtualService/shipping in mesh/policies/shipping-traffic.yaml"),
    ],
    ids=["a misspelled field", "an unsupported field", "an unknown host", "two policies for one host"],
)
def test_an_invalid_file_is_a_one_line_error_and_changes_nothing(
    folder, tmp_path, mesh_customer, fields, error
):
    file = tmp_path / "invalid.yaml"
    file.write_text(
        "{apiVersion: networking.istio.io/v1, kind: VirtualService,"
        f" metadata: {{name: invalid, namespace: night-market}}, spec: {{{fields},"
        " http: [{route: [{destination: {host: shipping}}]}]}}"
    )
    done = laptop(folder, "mesh-apply", str(file))
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert error in line and "VirtualService/invalid" in line
    mesh_customer.fill_cart("ramen-bowl")
    assert mesh_customer.buy().json()["state"] == "CONFIRMED"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has inotify")
def test_the_envoys_take_the_expected_number_of_inotify_instances(mesh, folder):
    stack, processes = running(folder)
    envoys = [pid for name, pid in processes.items() if name == "gateway" or name.endswith("-sidecar")]
    instances = sum(inotify_instances(psutil.Process(pid)) for pid in envoys)
    assert instances == sidecars.watched(stack, gateway.configuration(stack, {}))


def running(folder):
    """Return the running stack, and the process id of each of its processes by name."""
    stack, control = require_running(StateDir(folder))
    with contextlib.closing(control):
        return stack, {process.name: process.pid for process in control.processes()}
