"""A change holds in every sidecar, or in none: neither in what runs nor in the files that would be read at a start."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from mesh.changes import RunningMesh
from mesh.errors import MeshError, NotTakenUp
from mesh.policies import load
from mesh.render import render
from mesh.tests.small_mesh import POLICIES, SmallMesh, sidecar
from tests.support.waiting import wait_until

ROUTES = (
    "{{apiVersion: networking.istio.io/v1, kind: VirtualService,"
    " metadata: {{name: shelf, namespace: night-market}}, spec: {{hosts: [shelf], http: [{}]}}}}"
)
TO_V2 = ROUTES.format("{route: [{destination: {host: shelf, subset: v2}}]}")
NO_EXPRESSION = ROUTES.format(
    "{match: [{uri: {regex: '('}}], route: [{destination: {host: shelf, subset: v2}}]}"
)
NOWHERE = ROUTES.format("{route: [{destination: {host: attic}}]}")


@pytest.fixture
def running(mesh: SmallMesh, tmp_path: Path) -> Iterator[RunningMesh]:
    """The small mesh, for whoever changes it; at the end all is as it was."""

    def rendered(changes):
        policies = load(POLICIES)
        for file in changes:
            policies = policies.changed_by(load(file))
        return render(policies, mesh.site)

    changed = RunningMesh(mesh.site, tmp_path / "applied", rendered)
    yield changed
    if any(changed.applied.glob("*")):
        changed.remove("")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """What is applied."""
    return tmp_path / "change.yaml"


def on_disk(mesh: SmallMesh) -> dict[str, str]:
    """All files of all sidecars."""
    folder = Path(mesh.site.folder)
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*.yaml")}


@contextmanager
def deaf(mesh: SmallMesh, name: str) -> Iterator[None]:
    """A sidecar hears nothing for the length of a block."""
    process = sidecar(mesh, name)
    process.suspend()
    try:
        yield
    finally:
        process.resume()


def test_what_was_applied_holds_until_it_is_taken_back(mesh, running, file):
    file.write_text(TO_V2)
    assert running.apply(file).startswith("change.yaml holds: shop, thief changed, in ")
    assert mesh.take() == "shelf-v2"
    assert running.remove("change.yaml").startswith("change.yaml holds no more: shop, thief changed, in ")
    assert mesh.take() == "shelf"


def test_all_that_was_applied_can_be_taken_back_at_once(mesh, running, file):
    for each in (file, file.with_name("again.yaml")):
        each.write_text(TO_V2)
        running.apply(each)
    assert running.remove("").startswith("change.yaml, again.yaml hold no more: shop, thief changed, in ")
    assert mesh.take() == "shelf"


def test_what_envoy_refuses_is_taken_back_everywhere(mesh, running, file):
    before = on_disk(mesh)
    file.write_text(NO_EXPRESSION)
    with pytest.raises(
        NotTakenUp, match=r"^the sidecar of (shop|thief) refuses routes-shelf.yaml; its log says why$"
    ):
        running.apply(file)
    assert (on_disk(mesh), mesh.take()) == (before, "shelf")
    assert list(running.applied.glob("*")) == []


def test_a_change_that_one_sidecar_does_not_hear_of_holds_nowhere(mesh, running, file):
    before = on_disk(mesh)
    file.write_text(TO_V2)
    with (
        deaf(mesh, "thief"),
        pytest.raises(NotTakenUp, match=r"^the sidecar of thief does not take up routes-shelf"),
    ):
        replace(running, seconds=1).apply(file)
    assert (on_disk(mesh), mesh.take()) == (before, "shelf")


def test_a_change_that_is_interrupted_holds_nowhere(mesh, running, file):
    before = on_disk(mesh)
    file.write_text(TO_V2)

    def interrupt() -> None:
        assert wait_until(lambda: on_disk(mesh) != before)
        os.kill(os.getpid(), signal.SIGINT)

    with deaf(mesh, "thief"), ThreadPoolExecutor() as hands, pytest.raises(KeyboardInterrupt):
        hands.submit(interrupt)
        replace(running, seconds=2).apply(file)
    assert (on_disk(mesh), mesh.take()) == (before, "shelf")


def test_a_change_that_makes_no_sense_reaches_no_sidecar(mesh, running, file):
    before = on_disk(mesh)
    file.write_text(NOWHERE)
    with pytest.raises(MeshError, match=r"change.yaml: VirtualService/shelf: .*attic"):
        running.apply(file)
    assert (on_disk(mesh), mesh.take()) == (before, "shelf")


def test_nothing_that_was_not_applied_is_taken_back(running):
    with pytest.raises(MeshError, match=r"^Nothing is applied\.$"):
        running.remove("change.yaml")
