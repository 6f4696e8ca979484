"""All images are built the same way, and docker-compose.yml configures each service like laptop mode."""

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
OUTSIDE = {
    "bank",
    "payments",
    "notifications",
}  # the external bank, and the services that connect to the outside
BY_NAME = {service.name: service for service in SERVICES}


def dockerfile(service: str) -> list[str]:
    """Return the lines of a service's Dockerfile."""
    return (ROOT / "services" / service / "Dockerfile").read_text().splitlines()


def expected(service: Service) -> list[str]:
    """Return the Dockerfile of the model service with the differences of another service."""
    folder = ROOT / "services" / service.name
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    parts = [part for part in ("migrations", "seed") if (folder / part).is_dir()]
    command = ["python", "-m", "chassis.postgres", "migrate", *parts, "--then", service.name]
    lines = []
    for line in dockerfile(MODEL):
        if line.startswith("CMD ["):
            line = f"CMD {json.dumps(command if parts else ['python', '-m', service.name])}"
        elif line.startswith("COPY libs/") and service.nats:
            line = line.replace(" services/", " libs/messaging/src services/")
        elif line.startswith("EXPOSE"):
            line = f"EXPOSE {'9000' if service.protocol is Protocol.EVENTS else '8000 9000'}"
        elif ".description=" in line:
            line = f'      org.opencontainers.image.description="{project["description"]}" \\'
        elif ".version=" in line:
            line = f'      org.opencontainers.image.version="{project["version"]}" \\'
        if not any(f"/{part} " in line and part not in parts for part in ("migrations", "seed")):
            lines.append(line.replace(MODEL, service.name))
        if line.startswith("COPY libs/") and service.nats and service.database:  # it consumes events
            lines.append("COPY tools/__init__.py tools/dead_letters.py /app/opt/app/tools/")
    return lines


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_a_dockerfile_differs_from_the_model_only_where_it_must(service: Service) -> None:
    own = [line.removesuffix(" MAIL_DIR=/mail") for line in dockerfile(service.name)]
    if service.name == "notifications":  # the only service that writes files
        own = [line for line in own if "/mail" not in line]
    assert own == expected(service)


def settings(service: Service) -> dict[str, str]:
    """Return the environment of a service's container, without telemetry."""
    environment = dict(COMPOSE["services"][service.name].get("environment", {}))
    return {name: value for name, value in environment.items() if not name.startswith("OTEL_")}


def addresses(service: Service) -> dict[str, str]:
    """Return the addresses of a service's upstreams, by variable."""
    return {
        f"{name.upper()}_ADDR" if BY_NAME[name].protocol is Protocol.GRPC else f"{name.upper()}_URL": (
            f"{name}:8000" if BY_NAME[name].protocol is Protocol.GRPC else f"http://{name}:8000"
        )
        for name in service.calls
    }


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_a_container_has_the_settings_of_laptop_mode(service: Service) -> None:
    found = settings(service)
    stores = {"DATABASE_URL"} if service.database else set()
    stores |= {"NATS_URL"} if service.nats else set()
    optional, set_by_image = {"SMTP_URL"}, {"MAIL_DIR"}
    expected_values = stores | set(addresses(service)) | set(service.settings) - set_by_image
    assert {name.removesuffix("_FILE") for name in found} - optional == expected_values
    assert addresses(service).items() <= found.items()


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_a_container_joins_only_the_networks_that_it_needs(service: Service) -> None:
    expected_values = {"data"} if service.database or service.nats else set()
    expected_values |= {"outside"} if service.name in OUTSIDE else set()
    expected_values |= {"mesh"} if service.name != "bank" else set()
    assert set(COMPOSE["services"][service.name]["networks"]) == expected_values


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_a_container_starts_after_its_servers(service: Service) -> None:
    expected_values = {"postgres"} if service.database else set()
    expected_values |= {"nats"} if service.nats else set()
    assert set(COMPOSE["services"][service.name].get("depends_on", {})) == expected_values


@pytest.mark.parametrize("container", ALL.values(), ids=ALL)
def test_every_container_is_hardened(container: dict[str, Any]) -> None:
    assert container["read_only"] is True
    assert container["cap_drop"] == ["ALL"]
    assert container["security_opt"] == ["no-new-privileges:true"]
    assert container["mem_limit"]
    assert "privileged" not in container


@pytest.mark.parametrize("name", COMPOSE["secrets"])
def test_a_secret_comes_from_the_generated_folder(name: str) -> None:
    assert COMPOSE["secrets"][name]["file"].startswith("${MARKET_SECRETS")
