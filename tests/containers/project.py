"""A Compose project for tests: the stack in containers, with its own secrets, volumes and port."""

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


def engine_is_running() -> bool:
    """Return whether there is a Docker engine, and Compose."""
    commands = (["docker", "info"], ["docker", "compose", "version"])
    try:
        return all(subprocess.run(c, capture_output=True, timeout=60).returncode == 0 for c in commands)
    except (OSError, subprocess.TimeoutExpired):
        return False


def docker(*arguments: str, check: bool = True, timeout: float = 120) -> str:
    """Run a docker command and return its output. Raises AssertionError if it fails and ``check`` is set."""
    done = subprocess.run(
        ["docker", *arguments], check=False, capture_output=True, text=True, cwd=ROOT, timeout=timeout
    )
    assert done.returncode == 0 or not check, f"docker {' '.join(arguments)}: {done.stdout}{done.stderr}"
    return done.stdout


@dataclass(frozen=True)
class Project:
    """A Compose project. ``variables`` are added to the environment of docker compose."""

    name: str
    secrets: Path
    port: int
    variables: Mapping[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ("docker-compose.yml",)

    @property
    def with_mesh(self) -> Project:
        """The same project with the mesh."""
        return replace(self, files=("docker-compose.yml", "mesh/compose.yaml"))

    @property
    def url(self) -> str:
        """The URL of the gateway."""
        return f"http://127.0.0.1:{self.port}"

    def execute(
        self, *arguments: str, timeout: float = 600, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run docker compose and return the result, even if it fails."""
        files = [word for file in self.files for word in ("--file", file)]
        environment = {"MARKET_SECRETS": str(self.secrets), "PORT": str(self.port), **self.variables}
        return subprocess.run(
            ["docker", "compose", "--project-name", self.name, *files, *arguments],
            env=os.environ | environment, cwd=ROOT, capture_output=True, text=True, timeout=timeout, input=stdin,
        )  # fmt: skip

    def run(self, *arguments: str, timeout: float = 600) -> str:
        """Run docker compose and return its output. Raises AssertionError if it fails."""
        done = self.execute(*arguments, timeout=timeout)
        assert done.returncode == 0, f"docker compose {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout

    def exec(self, service: str, *command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command in a service's container and return the result, even if it fails."""
        return self.execute("exec", "-T", service, *command, stdin=stdin)

    @cached_property
    def configuration(self) -> dict[str, Any]:
        """The configuration that Compose reads from the files, without the profiles."""
        found: dict[str, Any] = json.loads(self.run("config", "--format", "json"))
        return found

    def container(self, service: str) -> str:
        """Return the id of a service's container, which may be stopped."""
        return self.run("ps", "--all", "--quiet", service).strip()

    def inspect(self, service: str) -> dict[str, Any]:
        """Return what `docker inspect` prints about a service's container."""
        found: dict[str, Any] = json.loads(docker("inspect", self.container(service)))[0]
        return found

    def address(self, service: str) -> str:
        """Return an IP address of a service's container that this machine can connect to."""
        networks = self.inspect(service)["NetworkSettings"]["Networks"].values()
        return next(network["IPAddress"] for network in networks if network["IPAddress"])

    def memory(self) -> dict[str, float]:
        """Return the memory of each service's container in bytes, without the page cache."""
        services = {self.inspect(name)["Name"].lstrip("/"): name for name in self.configuration["services"]}
        lines = docker("stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}}", *services).splitlines()
        return {services[line.split()[0]]: _bytes(line.split()[1]) for line in lines}


def _bytes(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)([KMG]?i?B)", text).groups()  # type: ignore[union-attr]
    return float(number) * {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}[unit]
