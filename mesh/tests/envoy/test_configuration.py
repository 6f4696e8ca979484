"""Envoy takes everything that the renderer makes, whole and in detail."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from laptop.ports import Ports
from mesh.laptop import laptop_site
from mesh.policies import FOLDER, load, load_with
from mesh.render import render
from mesh.tests import cases
from mesh.tests.small_mesh import POLICIES, SmallMesh, instances, sidecar
from mesh.tests.whole import refusal
from mesh.watches import watches

LABS = sorted((FOLDER.parent / "labs").glob("*.yaml"))


@pytest.mark.parametrize("name", cases.NAMES)
def test_envoy_takes_every_case(name: str, tmp_path: Path) -> None:
    changed = {path.partition("/")[0] for path in cases.output(name)}
    sidecars = cases.rendered(name)
    assert {each: refusal(cases.site(), sidecars[each], tmp_path) for each in changed} == dict.fromkeys(
        changed, ""
    )


@pytest.mark.parametrize("lab", [None, *LABS], ids=lambda lab: lab.stem if lab else "without")
def test_envoy_takes_every_lab(lab: Path | None, tmp_path: Path) -> None:
    site = laptop_site(Ports(8080), tmp_path)
    sidecars = render(load_with([] if lab is None else [lab]), site)
    before = {} if lab is None else render(load_with(), site)
    changed = [name for name, files in sidecars.items() if files != before.get(name)]
    assert changed
    assert {
        name: refusal(site, sidecars[name], Path(site.certificates)) for name in changed
    } == dict.fromkeys(changed, "")


def test_envoy_refuses_a_route_to_a_cluster_that_is_not_there(tmp_path: Path) -> None:
    files = cases.rendered(cases.BASE)["shop"]
    files["clusters.yaml"]["resources"] = files["clusters.yaml"]["resources"][:1]
    assert "unknown cluster" in refusal(cases.site(), files, tmp_path)


@pytest.mark.skipif(platform.system() != "Linux", reason="only Linux has inotify")
def test_envoy_takes_an_inotify_instance_for_all_that_it_watches_and_no_more(mesh: SmallMesh) -> None:
    files = render(load(POLICIES), mesh.site)
    counted = {name: len(watches(list(documents.values()))) for name, documents in files.items()}
    assert {name: instances(sidecar(mesh, name)) for name in files} == counted
