"""A container that comes back with another address is found again."""

import time

import pytest
import requests

from tests.containers.engine import docker
from tests.system.test_outages import sells

SOON = 10.0  # seconds; gRPC alone would look the name up again after 30


@pytest.fixture
def squatters(compose):
    """Lets somebody else have the address in the mesh that was given up last."""
    network = f"{compose.project}_mesh"
    names: list[str] = []

    def move_in():
        names.append(f"{compose.project}-squatter-{len(names)}")
        image = compose.inspect("nats")["Config"]["Image"]
        command = ["--network", network, "--entrypoint", "sleep", image, "600"]
        docker("run", "--detach", "--rm", "--name", names[-1], *command)

    yield move_in
    docker("rm", "--force", "--volumes", *names)


def mesh_address(compose, service):
    return compose.inspect(service)["NetworkSettings"]["Networks"][f"{compose.project}_mesh"]["IPAddress"]


def test_a_service_at_a_new_address_is_found_within_seconds(compose, market, plentiful, squatters):
    askers = [
        f"{market}/p/{plentiful[0]}",
        f"{market}/api/v1/products/{plentiful[0]}",
    ]  # the storefront, the gateway
    for _ in range(2):  # soon after the first time, the name was looked up just now
        before = mesh_address(compose, "catalog")
        compose.run("stop", "catalog")
        squatters()
        compose.run("start", "catalog")
        assert mesh_address(compose, "catalog") != before
        begun = time.monotonic()
        while any(requests.get(asker, timeout=30).status_code != 200 for asker in askers):
            assert time.monotonic() - begun < SOON
    sells(market)
