from contextlib import contextmanager

import pytest

from libs.chassis.tests.service.echo import Config, Echo, EchoStub
from tests.support.services import channel, started


@pytest.fixture
def run_echo(free_port):
    """Runs a tiny gRPC service for the length of a block: run_echo() -> (its servicer, a stub, its address)."""

    @contextmanager
    def run():
        echo, config = Echo(), Config(port=free_port(), admin_port=0)
        address = f"127.0.0.1:{config.port}"
        with started(echo.build_service, config), channel(address) as opened:
            yield echo, EchoStub(opened), address

    return run
