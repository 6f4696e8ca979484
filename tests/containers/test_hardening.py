"""A running container has no more permissions than it needs."""

from pathlib import Path

import pytest

from tests.containers.project import COMPOSE, CONTAINERS, docker
from topology import SERVICES

WITH_DATA = {service.name for service in SERVICES if service.database or service.nats}
IN_PYTHON = [service.name for service in SERVICES] + ["nats"]
CONNECT = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), 2)
except OSError as error:
    sys.exit(str(error))
"""


def status(compose, container):
    """Return the kernel's status of the container's process 1."""
    pid = compose.inspect(container)["State"]["Pid"]
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def can_connect(compose, caller, host, port):
    """Return whether a container can connect to an address."""
    return compose.exec(caller, "python", "-c", CONNECT, host, str(port)).returncode == 0


@pytest.mark.parametrize("container", CONTAINERS)
def test_no_container_runs_as_root(compose, container):
    assert "0" not in status(compose, container)["Uid"].split()


@pytest.mark.parametrize("container", CONTAINERS)
def test_no_container_has_or_can_get_a_capability(compose, container):
    found = status(compose, container)
    assert {found[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert found["NoNewPrivs"] == "1"


@pytest.mark.parametrize("container", CONTAINERS)
def test_the_root_file_system_is_read_only_even_for_root(compose, container):
    output = docker(
        "exec", "--user", "0", compose.container(container), "sh", "-c", "echo > /probe || echo read-only"
    )
    assert output == "read-only\n"


def test_every_container_uses_less_than_80_percent_of_its_memory_limit(compose):
    used = compose.memory()
    limits = {name: compose.inspect(name)["HostConfig"]["Memory"] for name in CONTAINERS}
    assert [name for name in CONTAINERS if not 0 < used[name] < 0.8 * limits[name]] == []


@pytest.mark.parametrize("container", CONTAINERS)
def test_every_container_has_a_health_check_and_a_restart_policy(compose, container):
    found = compose.inspect(container)
    assert found["State"]["Health"]["Status"] == "healthy"
    assert found["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"


def test_only_the_gateway_is_published_and_only_on_loopback(compose):
    published = {
        (container, port, binding["HostIp"])
        for container in CONTAINERS
        for port, bindings in compose.inspect(container)["NetworkSettings"]["Ports"].items()
        for binding in bindings or []
    }
    assert published == {("gateway", "8080/tcp", "127.0.0.1")}


@pytest.mark.parametrize("caller", [service.name for service in SERVICES])
@pytest.mark.parametrize(("server", "port"), [("postgres", 5432), ("nats", 4222)])
def test_only_services_that_store_data_can_connect_to_postgresql_and_nats(compose, caller, server, port):
    is_allowed = caller in WITH_DATA
    assert can_connect(compose, caller, server, port) == is_allowed
    assert can_connect(compose, caller, compose.address(server), port) == is_allowed


@pytest.mark.parametrize("caller", [service.name for service in SERVICES if service.name != "bank"])
def test_only_payments_and_notifications_can_connect_to_other_machines(compose, caller):
    routes = compose.exec(caller, "cat", "/proc/net/route").stdout.splitlines()[1:]
    has_default_route = any(line.split()[1] == "00000000" for line in routes)
    assert has_default_route == (caller in ("payments", "notifications"))


def test_the_gateway_cannot_connect_to_the_database(compose):
    probe = f"exec 3<>/dev/tcp/{compose.address('postgres')}/5432"
    assert compose.exec("gateway", "timeout", "2", "bash", "-c", probe).returncode != 0


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_container_has_only_its_own_secrets_and_none_in_its_environment(compose, container):
    wanted = COMPOSE["services"][container].get("secrets", [])
    own = {entry["source"] if isinstance(entry, dict) else entry for entry in wanted}
    environment = "\n".join(compose.inspect(container)["Config"]["Env"])
    secrets = {path.stem: path.read_text().strip() for path in compose.secrets.iterdir()}
    assert [name for name, text in secrets.items() if text in environment] == []
    mounted = {Path(mount["Source"]).stem for mount in compose.inspect(container)["Mounts"]}
    assert mounted & secrets.keys() == own


@pytest.mark.parametrize("container", IN_PYTHON)
def test_an_image_has_no_build_tools_and_no_cache(compose, container):
    left = "command -v gcc cc make || ls -d /root/.cache /build /requirements.txt 2>/dev/null || echo nothing"
    assert compose.exec(container, "sh", "-c", left).stdout == "nothing\n"
