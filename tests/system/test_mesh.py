"""The market with a sidecar beside each service: the same shop, and policies that are changed while people buy."""

import contextlib
import platform
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
    """Where the market with the mesh keeps its state: the one of all tests, if that has one."""
    if MESH:
        shared: Path = request.getfixturevalue("state_folder")
        return shared
    return tmp_path_factory.mktemp("mesh") / "market"


def laptop(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """One of the market's commands, as make runs it."""
    command = [sys.executable, "-m", "laptop", *arguments, "--dir", str(folder)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def mesh(request, folder):
    """The base URL of a market with sidecars; nothing is lost in it."""
    if MESH:
        yield request.getfixturevalue("stack_url")
        return
    port = free_port_block()
    try:
        opened = laptop(folder, "up", "--mesh", "--port", str(port))
        assert opened.returncode == 0, opened.stdout + opened.stderr
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
    """Applies a lab; takes everything back at the end."""

    def apply(name):
        done = laptop(folder, "mesh-apply", str(LABS / name))
        assert done.returncode == 0, done.stderr

    yield apply
    laptop(folder, "mesh-remove")


@pytest.fixture
def passers_by(mesh):
    """People who look at a product all the time; counts the answers by their status."""
    seen: Counter[int] = Counter()
    leave = threading.Event()

    def look():
        while not leave.is_set():
            seen[requests.get(f"{mesh}/p/ramen-bowl", timeout=30).status_code] += 1

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    yield seen
    leave.set()
    for thread in threads:
        thread.join()


def test_an_order_is_confirmed_through_the_sidecars(mesh_customer):
    mesh_customer.fill_cart("ramen-bowl")
    assert mesh_customer.buy().json()["state"] == "CONFIRMED"


def test_a_change_of_the_policies_fails_nobody(applied, passers_by):
    for lab in ("10-percent", "50-percent", "100-percent", "mirrored"):
        applied(f"recommendations-v2-{lab}.yaml")
    assert set(passers_by) == {200}
    assert passers_by[200] > 50


def test_a_lab_that_is_applied_can_be_felt(applied, mesh_customer):
    mesh_customer.fill_cart("ramen-bowl")
    applied("bank-answers-2-seconds-late.yaml")
    assert mesh_customer.buy().elapsed.total_seconds() > 2


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            "hosts: [bank.outside.svc.cluster.local], gatewys: [mesh]",
            "spec.gatewys is not supported by the renderer",
        ),
        ("hosts: [bank.outside.svc.cluster.local], tcp: []", "spec.tcp is not supported by the renderer"),
        ("hosts: [attic]", "there is no host attic"),
        ("hosts: [shipping]", "VirtualService/shipping in mesh/policies/shipping-traffic.yaml"),
    ],
    ids=["a misspelt field", "an unsupported field", "an unknown host", "two policies for one host"],
)
def test_a_file_that_makes_no_sense_is_one_line_and_changes_nothing(
    folder, tmp_path, mesh_customer, wrong, said
):
    file = tmp_path / "wrong.yaml"
    file.write_text(
        "{apiVersion: networking.istio.io/v1, kind: VirtualService,"
        f" metadata: {{name: wrong, namespace: night-market}}, spec: {{{wrong},"
        " http: [{route: [{destination: {host: shipping}}]}]}}"
    )
    tried = laptop(folder, "mesh-apply", str(file))
    assert (tried.returncode, tried.stdout) == (2, "")
    (line,) = tried.stderr.splitlines()
    assert said in line and "VirtualService/wrong" in line
    mesh_customer.fill_cart("ramen-bowl")
    assert mesh_customer.buy().json()["state"] == "CONFIRMED"


@pytest.mark.skipif(platform.system() != "Linux", reason="only Linux has inotify")
def test_a_market_with_sidecars_takes_as_many_inotify_instances_as_it_has_asked_for(mesh, folder):
    stack, programs = running(folder)
    envoys = [pid for name, pid in programs.items() if name == "gateway" or name.endswith("-sidecar")]
    taken = sum(inotify_instances(psutil.Process(pid)) for pid in envoys)
    assert taken == sidecars.watched(stack, gateway.configuration(stack, {}))


def running(folder):
    """The market that runs, and the process of each of its programs."""
    stack, control = require_running(StateDir(folder))
    with contextlib.closing(control):
        return stack, {process.name: process.pid for process in control.processes()}
