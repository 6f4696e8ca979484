"""Envoy accepts all rendered configurations."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mesh.agent.inotify import watched_sources
from mesh.renderer import render
from mesh.renderer.policies import load, load_with
from mesh.tests import cases
from mesh.tests.small_mesh import POLICIES, SmallMesh, inotify_instances, sidecar_process
from mesh.tests.stack import LABS, stack_platform
from mesh.tests.static_config import validation_error


@pytest.mark.parametrize("name", cases.NAMES)
def test_envoy_accepts_every_case(name: str, tmp_path: Path) -> None:
    changed = {path.partition("/")[0] for path in cases.output(name)}
    sidecars = cases.rendered(name)
    found = {each: validation_error(cases.platform(), sidecars[each], tmp_path) for each in changed}
    assert found == dict.fromkeys(changed, "")


@pytest.mark.parametrize("lab", [None, *LABS], ids=lambda lab: lab.stem if lab else "without")
def test_envoy_accepts_every_lab(lab: Path | None, tmp_path: Path) -> None:
    platform = stack_platform(tmp_path)
    sidecars = render(load_with([] if lab is None else [lab]), platform)
    before = {} if lab is None else render(load_with(), platform)
    changed = [name for name, files in sidecars.items() if files != before.get(name)]
    folder = Path(platform.certificates)
    assert changed
    found = {name: validation_error(platform, sidecars[name], folder) for name in changed}
    assert found == dict.fromkeys(changed, "")


def test_envoy_rejects_a_route_to_a_cluster_that_does_not_exist(tmp_path: Path) -> None:
    files = cases.rendered(cases.BASE)["frontend"]
    files["clusters.yaml"]["resources"] = files["clusters.yaml"]["resources"][:1]
    assert "unknown cluster" in validation_error(cases.platform(), files, tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has inotify")
def test_envoy_takes_one_inotify_instance_for_each_watched_source(mesh: SmallMesh) -> None:
    files = render(load(POLICIES), mesh.platform)
    expected = {name: len(watched_sources(list(documents.values()))) for name, documents in files.items()}
    assert {name: inotify_instances(sidecar_process(mesh, name)) for name in files} == expected
