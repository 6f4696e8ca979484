"""mesh/compose.yaml adds a sidecar to each service of docker-compose.yml, as mesh/agent/containers.py expects it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from mesh.agent.containers import container_platform, outbound_host, pod
from mesh.platform import Workload
from mesh.sidecar.command import command
from mesh.workloads import GATEWAY
from tests.conventions.repository import ROOT
from tests.conventions.test_containers import BY_NAME, COMPOSE


class _Loader(yaml.SafeLoader):
    """Supports Compose's own tags."""


_Loader.add_constructor("!override", lambda *_: [])  # the file overrides only with empty lists
OVERLAY: dict[str, dict[str, Any]] = yaml.load(
    (ROOT / "mesh" / "compose.yaml").read_text(),
    _Loader,  # noqa: S506 - is safe
)["services"]
FOLDER = "/mesh"
PLATFORM = container_platform(Path(FOLDER))
each_workload = pytest.mark.parametrize("workload", PLATFORM.workloads, ids=lambda workload: workload.name)


def mounted_files(name: str, account: str) -> list[dict[str, Any]]:
    """Return the parts of the volume that an Envoy mounts."""
    paths = (f"sidecars/{name}", f"certificates/{account}")
    mount = {"type": "volume", "source": "mesh", "read_only": True}
    return [{**mount, "target": f"{FOLDER}/{path}", "volume": {"subpath": path}} for path in paths]


def test_the_agent_mounts_the_volume_at_the_platform_s_folder() -> None:
    assert OVERLAY["mesh"]["volumes"] == [f"mesh:{FOLDER}"]


@each_workload
def test_a_pod_is_in_the_networks_of_its_service(workload: Workload) -> None:
    networks = OVERLAY[pod(workload.name)]["networks"]
    assert list(networks) == COMPOSE["services"][workload.service]["networks"]


@each_workload
def test_a_pod_has_the_name_of_its_service_unless_it_is_a_second_version(workload: Workload) -> None:
    names = OVERLAY[pod(workload.name)]["networks"]["mesh"].get("aliases", [])
    assert names == ([workload.name] if workload.name == workload.service else [])


@each_workload
def test_a_pod_resolves_the_names_of_called_services_to_loopback(workload: Workload) -> None:
    names = OVERLAY[pod(workload.name)]["extra_hosts"]
    calls = BY_NAME[workload.service].calls
    assert {name: names[name] for name in calls} == {name: outbound_host(name) for name in calls}


@each_workload
def test_a_service_and_its_sidecar_share_the_network_of_their_pod(workload: Workload) -> None:
    service, sidecar = OVERLAY[workload.name], OVERLAY[f"{workload.name}-sidecar"]
    assert {service["network_mode"], sidecar["network_mode"]} == {f"service:{pod(workload.name)}"}
    assert service["networks"] == []
    assert service["environment"]["HOST"] == "127.0.0.1"


@each_workload
def test_a_service_starts_after_its_sidecar_and_stops_before_it(workload: Workload) -> None:
    expected = {f"{workload.name}-sidecar": {"condition": "service_healthy"}}
    assert OVERLAY[workload.name]["depends_on"] == expected


@each_workload
def test_a_sidecar_mounts_its_own_files_only(workload: Workload) -> None:
    sidecar = OVERLAY[f"{workload.name}-sidecar"]
    assert sidecar["command"] == ["--config-path", f"{FOLDER}/sidecars/{workload.name}/envoy.yaml"]
    assert sidecar["volumes"] == mounted_files(workload.name, workload.account)


def test_the_gateway_mounts_its_own_files_only() -> None:
    assert OVERLAY[GATEWAY]["volumes"] == mounted_files(GATEWAY, GATEWAY)


def test_the_sidecar_image_starts_envoy_with_the_arguments_of_laptop_mode() -> None:
    lines = (ROOT / "mesh" / "sidecar" / "Dockerfile").read_text().splitlines()
    (entrypoint,) = (
        json.loads(line.removeprefix("ENTRYPOINT ")) for line in lines if line.startswith("ENTRYPOINT")
    )
    assert entrypoint[1:] == command(Path("envoy"), Path(FOLDER))[3:]


def test_the_containers_of_the_mesh_are_hardened() -> None:
    for name in OVERLAY.keys() - COMPOSE["services"].keys() - {"recommendations-v2"}:
        container = OVERLAY[name]
        assert (container["read_only"], container["cap_drop"]) == (True, ["ALL"]), name
        assert container["security_opt"] == ["no-new-privileges:true"], name
        assert container["mem_limit"], name
