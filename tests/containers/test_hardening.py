"""A container may do what it needs and nothing else: asked of the running containers, not of the file."""

from pathlib import Path

import pytest

from tests.containers.engine import COMPOSE, CONTAINERS, docker
from topology import SERVICES

WITH_DATA = {service.name for service in SERVICES if service.database or service.nats}
IN_PYTHON = [service.name for service in SERVICES] + ["nats"]
REACHES = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), 2)
except OSError as error:
    sys.exit(str(error))
"""


def status(compose, container):
    """What the kernel says about the container's first process."""
    pid = compose.inspect(container)["State"]["Pid"]
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def reaches(compose, caller, host, port):
    """Whether a connection from one container to another address comes about."""
    return compose.inside(caller, "python", "-c", REACHES, host, str(port)).returncode == 0


@pytest.mark.parametrize("container", CONTAINERS)
def test_nobody_is_root(compose, container):
    assert "0" not in status(compose, container)["Uid"].split()


@pytest.mark.parametrize("container", CONTAINERS)
def test_nobody_has_a_capability_or_can_get_one(compose, container):
    found = status(compose, container)
    assert {found[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert found["NoNewPrivs"] == "1"


@pytest.mark.parametrize("container", CONTAINERS)
def test_nobody_writes_to_its_own_image_not_even_root(compose, container):
    tried = docker(
        "exec", "--user", "0", compose.container(container), "sh", "-c", "echo > /probe || echo refused"
    )
    assert tried == "refused\n"


def test_everybody_has_a_limit_of_memory_and_stays_well_below_it(compose):
    used = compose.memory()
    limits = {name: compose.inspect(name)["HostConfig"]["Memory"] for name in CONTAINERS}
    assert [name for name in CONTAINERS if not 0 < used[name] < 0.8 * limits[name]] == []


@pytest.mark.parametrize("container", CONTAINERS)
def test_everybody_has_a_health_check_and_is_started_again(compose, container):
    found = compose.inspect(container)
    assert found["State"]["Health"]["Status"] == "healthy"
    assert found["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"


def test_only_the_gateway_is_reached_from_outside_and_only_on_loopback(compose):
    published = {
        (container, port, binding["HostIp"])
        for container in CONTAINERS
        for port, bindings in compose.inspect(container)["NetworkSettings"]["Ports"].items()
        for binding in bindings or []
    }
    assert published == {("gateway", "8080/tcp", "127.0.0.1")}


@pytest.mark.parametrize("caller", [service.name for service in SERVICES])
@pytest.mark.parametrize(("server", "port"), [("postgres", 5432), ("nats", 4222)])
def test_who_keeps_no_data_reaches_neither_database_nor_broker(compose, caller, server, port):
    may = caller in WITH_DATA
    assert reaches(compose, caller, server, port) == may
    assert reaches(compose, caller, compose.address(server), port) == may


@pytest.mark.parametrize("caller", [service.name for service in SERVICES if service.name != "bank"])
def test_only_payments_and_notifications_reach_the_outside_world(compose, caller):
    others = {"payments", "notifications"}
    routes = compose.inside(caller, "cat", "/proc/net/route").stdout.splitlines()[1:]
    has_a_way_out = any(line.split()[1] == "00000000" for line in routes)
    assert has_a_way_out == (caller in others)


def test_the_gateway_reaches_no_database(compose):
    probe = f"exec 3<>/dev/tcp/{compose.address('postgres')}/5432"
    assert compose.inside("gateway", "timeout", "2", "bash", "-c", probe).returncode != 0


@pytest.mark.parametrize("container", CONTAINERS)
def test_nobody_is_told_a_secret_that_is_not_its_own(compose, container):
    wanted = COMPOSE["services"][container].get("secrets", [])
    own = {entry["source"] if isinstance(entry, dict) else entry for entry in wanted}
    environment = "\n".join(compose.inspect(container)["Config"]["Env"])
    secrets = {path.stem: path.read_text().strip() for path in compose.secrets.iterdir()}
    assert [name for name, text in secrets.items() if text in environment] == []
    mounted = {Path(mount["Source"]).stem for mount in compose.inspect(container)["Mounts"]}
    assert mounted & secrets.keys() == own


@pytest.mark.parametrize("container", IN_PYTHON)
def test_there_is_nothing_to_build_with_and_no_cache(compose, container):
    left = "command -v gcc cc make || ls -d /root/.cache /build /requirements.txt 2>/dev/null || echo nothing"
    assert compose.inside(container, "sh", "-c", left).stdout == "nothing\n"
