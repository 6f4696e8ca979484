"""mesh/compose.yaml lays a sidecar beside each service of docker-compose.yml, as mesh/containers.py says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from mesh.containers import containers_site, neighbour, pod
from mesh.market import GATEWAY
from mesh.sidecars import command
from mesh.site import Workload
from tests.conventions.repository import ROOT
from tests.conventions.test_containers import BY_NAME, COMPOSE


class _Loader(yaml.SafeLoader):
    """Knows Compose's own tags."""


_Loader.add_constructor("!override", lambda *_: [])  # nothing else is put in a place of another
LAID_OVER: dict[str, dict[str, Any]] = yaml.load(
    (ROOT / "mesh" / "compose.yaml").read_text(),
    _Loader,  # noqa: S506 - is safe
)["services"]
FOLDER = "/mesh"
SITE = containers_site(Path(FOLDER))
each_workload = pytest.mark.parametrize("workload", SITE.workloads, ids=lambda workload: workload.name)


def own_files(name: str, account: str) -> list[dict[str, Any]]:
    """What of the volume an Envoy sees."""
    paths = (f"sidecars/{name}", f"certificates/{account}")
    mount = {"type": "volume", "source": "mesh", "read_only": True}
    return [{**mount, "target": f"{FOLDER}/{path}", "volume": {"subpath": path}} for path in paths]


def test_the_site_is_where_the_keeper_writes() -> None:
    assert LAID_OVER["mesh"]["volumes"] == [f"mesh:{FOLDER}"]


@each_workload
def test_a_pod_is_in_the_networks_of_its_service(workload: Workload) -> None:
    networks = LAID_OVER[pod(workload.name)]["networks"]
    assert list(networks) == COMPOSE["services"][workload.service]["networks"]


@each_workload
def test_a_pod_has_the_name_of_its_service_unless_it_is_a_second_version(workload: Workload) -> None:
    names = LAID_OVER[pod(workload.name)]["networks"]["mesh"].get("aliases", [])
    assert names == ([workload.name] if workload.name == workload.service else [])


@each_workload
def test_a_pod_leads_its_service_s_neighbours_to_loopback(workload: Workload) -> None:
    names = LAID_OVER[pod(workload.name)]["extra_hosts"]
    calls = BY_NAME[workload.service].calls
    assert {name: names[name] for name in calls} == {name: neighbour(name) for name in calls}


@each_workload
def test_a_service_and_its_sidecar_share_the_network_of_their_pod(workload: Workload) -> None:
    service, sidecar = LAID_OVER[workload.name], LAID_OVER[f"{workload.name}-sidecar"]
    assert {service["network_mode"], sidecar["network_mode"]} == {f"service:{pod(workload.name)}"}
    assert service["networks"] == []
    assert service["environment"]["HOST"] == "127.0.0.1"


@each_workload
def test_a_service_starts_after_its_sidecar_and_ends_before_it(workload: Workload) -> None:
    wanted = {f"{workload.name}-sidecar": {"condition": "service_healthy"}}
    assert LAID_OVER[workload.name]["depends_on"] == wanted


@each_workload
def test_a_sidecar_sees_its_own_files_and_no_others(workload: Workload) -> None:
    sidecar = LAID_OVER[f"{workload.name}-sidecar"]
    assert sidecar["command"] == ["--config-path", f"{FOLDER}/sidecars/{workload.name}/envoy.yaml"]
    assert sidecar["volumes"] == own_files(workload.name, workload.account)


def test_the_gateway_sees_its_own_files_and_no_others() -> None:
    assert LAID_OVER[GATEWAY]["volumes"] == own_files(GATEWAY, GATEWAY)


def test_a_sidecar_s_image_starts_envoy_as_laptop_mode_does() -> None:
    lines = (ROOT / "mesh" / "sidecar" / "Dockerfile").read_text().splitlines()
    (entry,) = (
        json.loads(line.removeprefix("ENTRYPOINT ")) for line in lines if line.startswith("ENTRYPOINT")
    )
    assert entry[1:] == command(Path("envoy"), Path(FOLDER))[3:]


def test_what_the_mesh_brings_is_hardened() -> None:
    for name in LAID_OVER.keys() - COMPOSE["services"].keys() - {"recommendations-v2"}:
        container = LAID_OVER[name]
        assert (container["read_only"], container["cap_drop"]) == (True, ["ALL"]), name
        assert container["security_opt"] == ["no-new-privileges:true"], name
        assert container["mem_limit"], name
