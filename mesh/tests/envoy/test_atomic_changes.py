"""A change takes effect in every sidecar or in none, and so do the files that sidecars read when they start."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from mesh.agent.changes import RunningMesh
from mesh.errors import ConfigRejected, MeshError
from mesh.renderer import Files, render
from mesh.renderer.policies import load_with
from mesh.tests.small_mesh import POLICIES, SmallMesh, sidecar_process
from tests.support.waiting import wait_until

ROUTES = (
    "{{apiVersion: networking.istio.io/v1, kind: VirtualService,"
    " metadata: {{name: backend, namespace: night-market}}, spec: {{hosts: [backend], http: [{}]}}}}"
)
TO_V2 = ROUTES.format("{route: [{destination: {host: backend, subset: v2}}]}")
INVALID_REGEX = ROUTES.format(
    "{match: [{uri: {regex: '('}}], route: [{destination: {host: backend, subset: v2}}]}"
)
UNKNOWN_HOST = ROUTES.format("{route: [{destination: {host: moon}}]}")


@pytest.fixture
def running(mesh: SmallMesh, tmp_path: Path) -> Iterator[RunningMesh]:
    """Return the small mesh for changes, which are reverted after the test."""

    def render_with(changes: Iterable[Path]) -> dict[str, Files]:
        return render(load_with(changes, POLICIES), mesh.platform)

    running = RunningMesh(mesh.platform, tmp_path / "applied", render_with)
    yield running
    if any(running.applied.glob("*")):
        running.remove("")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return the path of the file to apply."""
    return tmp_path / "change.yaml"


def files_on_disk(mesh: SmallMesh) -> dict[str, str]:
    """Return all files of all sidecars."""
    folder = Path(mesh.platform.folder)
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*.yaml")}


@contextmanager
def suspended(mesh: SmallMesh, name: str) -> Iterator[None]:
    """Suspend a sidecar's process for the length of a block."""
    process = sidecar_process(mesh, name)
    process.suspend()
    try:
        yield
    finally:
        process.resume()


def test_a_change_takes_effect_until_it_is_removed(mesh, running, file):
    file.write_text(TO_V2)
    assert running.apply(file).startswith("change.yaml applied: frontend, intruder changed, in ")
    assert mesh.call_backend() == "backend-v2"
    assert running.remove("change.yaml").startswith("change.yaml removed: frontend, intruder changed, in ")
    assert mesh.call_backend() == "backend"


def test_all_changes_can_be_removed_together(mesh, running, file):
    for each in (file, file.with_name("again.yaml")):
        each.write_text(TO_V2)
        running.apply(each)
    assert running.remove("").startswith("change.yaml, again.yaml removed: frontend, intruder changed, in ")
    assert mesh.call_backend() == "backend"


def test_a_change_that_envoy_rejects_is_reverted_everywhere(mesh, running, file):
    before = files_on_disk(mesh)
    file.write_text(INVALID_REGEX)
    with pytest.raises(
        ConfigRejected,
        match=r"^the sidecar of (frontend|intruder) rejects routes-backend.yaml; its log says why$",
    ):
        running.apply(file)
    assert (files_on_disk(mesh), mesh.call_backend()) == (before, "backend")
    assert list(running.applied.glob("*")) == []


def test_a_change_that_one_sidecar_does_not_load_is_reverted_everywhere(mesh, running, file):
    before = files_on_disk(mesh)
    file.write_text(TO_V2)
    with (
        suspended(mesh, "intruder"),
        pytest.raises(ConfigRejected, match=r"^the sidecar of intruder did not load routes-backend"),
    ):
        replace(running, timeout=1).apply(file)
    assert (files_on_disk(mesh), mesh.call_backend()) == (before, "backend")


def test_a_change_that_is_interrupted_is_reverted_everywhere(mesh, running, file):
    before = files_on_disk(mesh)
    file.write_text(TO_V2)

    def interrupt() -> None:
        wait_until(lambda: files_on_disk(mesh) != before)
        os.kill(os.getpid(), signal.SIGINT)

    with (
        suspended(mesh, "intruder"),
        ThreadPoolExecutor() as executor,
        pytest.raises(KeyboardInterrupt),
    ):
        executor.submit(interrupt)
        replace(running, timeout=2).apply(file)
    assert (files_on_disk(mesh), mesh.call_backend()) == (before, "backend")


def test_an_invalid_change_reaches_no_sidecar(mesh, running, file):
    before = files_on_disk(mesh)
    file.write_text(UNKNOWN_HOST)
    with pytest.raises(MeshError, match=r"change.yaml: VirtualService/backend: .*moon"):
        running.apply(file)
    assert (files_on_disk(mesh), mesh.call_backend()) == (before, "backend")


def test_a_file_that_is_not_applied_cannot_be_removed(running):
    with pytest.raises(MeshError, match=r"^No file is applied\.$"):
        running.remove("change.yaml")
