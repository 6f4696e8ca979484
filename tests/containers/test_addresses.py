"""Callers find a container that restarts with another IP address."""

import pytest
import requests

from tests.containers.project import docker
from tests.support.waiting import wait_until
from tests.system.test_outages import wait_until_ready

TIMEOUT = 10.0  # seconds; without our settings, gRPC would resolve the name again after 30


@pytest.fixture
def take_address(compose):
    """Starts a container that gets the IP address that became free last."""
    network = f"{compose.name}_mesh"
    names: list[str] = []

    def take():
        names.append(f"{compose.name}-address-{len(names)}")
        image = compose.inspect("nats")["Config"]["Image"]
        command = ["--network", network, "--entrypoint", "sleep", image, "600"]
        docker("run", "--detach", "--rm", "--name", names[-1], *command)

    yield take
    docker("rm", "--force", "--volumes", *names)


def mesh_address(compose, service):
    return compose.inspect(service)["NetworkSettings"]["Networks"][f"{compose.name}_mesh"]["IPAddress"]


def test_callers_find_a_service_at_a_new_address_within_10_seconds(
    compose, stack_url, in_stock, take_address
):
    urls = [
        f"{stack_url}/p/{in_stock[0]}",
        f"{stack_url}/api/v1/products/{in_stock[0]}",
    ]  # storefront and gateway

    def all_succeed():
        return all(requests.get(url, timeout=30).status_code == 200 for url in urls)

    for _ in range(2):  # the second time, the callers have resolved the name shortly before
        before = mesh_address(compose, "catalog")
        compose.run("stop", "catalog")
        take_address()
        compose.run("start", "catalog")
        assert mesh_address(compose, "catalog") != before
        wait_until(all_succeed, timeout=TIMEOUT)
    wait_until_ready(stack_url)
