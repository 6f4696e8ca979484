"""Images are built alike, and docker-compose.yml tells each service what laptop mode tells it."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
import yaml

from tests.conventions.repository import ROOT
from topology import SERVICES, Protocol, Service

MODEL = "catalog"
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
OBSERVERS = yaml.safe_load((ROOT / "telemetry" / "compose.yaml").read_text())
ALL: dict[str, dict[str, Any]] = {**COMPOSE["services"], **OBSERVERS["services"]}
OUTSIDE = {"bank", "payments", "notifications"}  # who belongs to the world or talks with it
BY_NAME = {service.name: service for service in SERVICES}


def dockerfile(service: str) -> list[str]:
    """The lines of a service's Dockerfile."""
    return (ROOT / "services" / service / "Dockerfile").read_text().splitlines()


def expected(service: Service) -> list[str]:
    """The model's Dockerfile, for another service: what it is, and which of the two folders it has."""
    folder = ROOT / "services" / service.name
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    parts = [part for part in ("migrations", "seed") if (folder / part).is_dir()]
    command = ["python", "-m", "chassis.migrate", *parts, "--then", service.name]
    lines = []
    for line in dockerfile(MODEL):
        if line.startswith("CMD ["):
            line = f"CMD {json.dumps(command if parts else ['python', '-m', service.name])}"
        elif line.startswith("EXPOSE"):
            line = f"EXPOSE {'9000' if service.protocol is Protocol.EVENTS else '8000 9000'}"
        elif ".description=" in line:
            line = f'      org.opencontainers.image.description="{project["description"]}" \\'
        elif ".version=" in line:
            line = f'      org.opencontainers.image.version="{project["version"]}" \\'
        if not any(f"/{part} " in line and part not in parts for part in ("migrations", "seed")):
            lines.append(line.replace(MODEL, service.name))
    return lines


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_the_dockerfiles_of_all_services_are_one(service: Service) -> None:
    own = [line.removesuffix(" MAIL_DIR=/mail") for line in dockerfile(service.name)]
    if service.name == "notifications":  # the only one that writes files
        own = [line for line in own if "/mail" not in line]
    assert own == expected(service)


def settings(service: Service) -> dict[str, str]:
    """What a service's container finds in its environment, telemetry left out."""
    environment = dict(COMPOSE["services"][service.name].get("environment", {}))
    return {name: value for name, value in environment.items() if not name.startswith("OTEL_")}


def addresses(service: Service) -> dict[str, str]:
    """Where it finds those whom it calls."""
    return {
        f"{name.upper()}_ADDR" if BY_NAME[name].protocol is Protocol.GRPC else f"{name.upper()}_URL": (
            f"{name}:8000" if BY_NAME[name].protocol is Protocol.GRPC else f"http://{name}:8000"
        )
        for name in service.calls
    }


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_a_container_is_told_what_the_same_program_is_told_on_a_laptop(service: Service) -> None:
    found = settings(service)
    stores = {"DATABASE_URL"} if service.database else set()
    stores |= {"NATS_URL"} if service.nats else set()
    optional, told_by_image = {"SMTP_URL"}, {"MAIL_DIR"}
    wanted = stores | set(addresses(service)) | set(service.settings) - told_by_image
    assert {name.removesuffix("_FILE") for name in found} - optional == wanted
    assert addresses(service).items() <= found.items()


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_a_container_is_in_the_networks_that_it_needs_and_in_no_other(service: Service) -> None:
    wanted = {"data"} if service.database or service.nats else set()
    wanted |= {"outside"} if service.name in OUTSIDE else set()
    wanted |= {"mesh"} if service.name != "bank" else set()
    assert set(COMPOSE["services"][service.name]["networks"]) == wanted


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_a_container_waits_for_the_servers_that_it_needs(service: Service) -> None:
    wanted = {"postgres"} if service.database else set()
    wanted |= {"nats"} if service.nats else set()
    assert set(COMPOSE["services"][service.name].get("depends_on", {})) == wanted


@pytest.mark.parametrize("container", ALL.values(), ids=ALL)
def test_every_container_is_hardened(container: dict[str, Any]) -> None:
    assert container["read_only"] is True
    assert container["cap_drop"] == ["ALL"]
    assert container["security_opt"] == ["no-new-privileges:true"]
    assert container["mem_limit"]
    assert "privileged" not in container


@pytest.mark.parametrize("name", COMPOSE["secrets"])
def test_a_secret_comes_from_the_folder_that_is_made(name: str) -> None:
    assert COMPOSE["secrets"][name]["file"].startswith("${MARKET_SECRETS")
