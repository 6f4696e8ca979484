"""A market in containers for the tests: a Compose project of its own, with secrets, volumes and a port of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
CONTAINERS = [name for name, service in COMPOSE["services"].items() if "profiles" not in service]


def engine_answers() -> bool:
    """Whether there is a Docker engine with Compose."""
    commands = (["docker", "info"], ["docker", "compose", "version"])
    try:
        return all(subprocess.run(c, capture_output=True, timeout=60).returncode == 0 for c in commands)
    except (OSError, subprocess.TimeoutExpired):
        return False


def docker(*arguments: str, check: bool = True, timeout: float = 120) -> str:
    """What a docker command prints. Raises `CalledProcessError` where it fails."""
    done = subprocess.run(
        ["docker", *arguments], check=False, capture_output=True, text=True, cwd=ROOT, timeout=timeout
    )
    assert done.returncode == 0 or not check, f"docker {' '.join(arguments)}: {done.stdout}{done.stderr}"
    return done.stdout


@dataclass(frozen=True)
class Compose:
    """One project of docker-compose.yml, and of the files that are laid over it."""

    project: str
    secrets: Path
    port: int
    more: Mapping[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ("docker-compose.yml",)

    @property
    def with_mesh(self) -> Compose:
        """The same with the mesh laid over it."""
        return replace(self, files=("docker-compose.yml", "mesh/compose.yaml"))

    @property
    def environment(self) -> dict[str, str]:
        """What docker compose finds in its environment."""
        return {**os.environ, "MARKET_SECRETS": str(self.secrets), "PORT": str(self.port), **self.more}

    @property
    def url(self) -> str:
        """Where the market is reached."""
        return f"http://127.0.0.1:{self.port}"

    def try_(self, *arguments: str, timeout: float = 600, told: str = "") -> subprocess.CompletedProcess[str]:
        """Runs docker compose for this project, however it ends."""
        files = [word for file in self.files for word in ("--file", file)]
        return subprocess.run(
            ["docker", "compose", "--project-name", self.project, *files, *arguments],
            env=self.environment, cwd=ROOT, capture_output=True, text=True, timeout=timeout, input=told,
        )  # fmt: skip

    def run(self, *arguments: str, timeout: float = 600) -> str:
        """What docker compose prints; fails where it fails."""
        done = self.try_(*arguments, timeout=timeout)
        assert done.returncode == 0, f"docker compose {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout

    @cached_property
    def configuration(self) -> dict[str, Any]:
        """docker-compose.yml as Compose understands it, without what only a profile starts."""
        found: dict[str, Any] = json.loads(self.run("config", "--format", "json"))
        return found

    def container(self, service: str) -> str:
        """The id of a service's container, also while it does not run."""
        return self.run("ps", "--all", "--quiet", service).strip()

    def inspect(self, service: str) -> dict[str, Any]:
        """Everything that Docker knows about a service's container."""
        found: dict[str, Any] = json.loads(docker("inspect", self.container(service)))[0]
        return found

    def address(self, service: str) -> str:
        """Where this machine reaches a service's container, on any of its networks."""
        networks = self.inspect(service)["NetworkSettings"]["Networks"].values()
        return next(network["IPAddress"] for network in networks if network["IPAddress"])

    def memory(self) -> dict[str, float]:
        """How many bytes each service's container takes now, without what the kernel only caches for it."""
        services = {self.inspect(name)["Name"].lstrip("/"): name for name in self.configuration["services"]}
        lines = docker("stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}}", *services).splitlines()
        return {services[line.split()[0]]: _bytes(line.split()[1]) for line in lines}

    def inside(self, service: str, *command: str, told: str = "") -> subprocess.CompletedProcess[str]:
        """Runs a command in a service's container, however it ends, with a text as its standard input."""
        return self.try_("exec", "-T", service, *command, told=told)


def _bytes(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)([KMG]?i?B)", text).groups()  # type: ignore[union-attr]
    return float(number) * {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}[unit]
