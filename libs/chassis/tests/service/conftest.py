from contextlib import contextmanager

import pytest

from libs.chassis.tests.service.example_grpc_service import Config, ExampleService, ExampleStub
from tests.support.services import channel, started


@pytest.fixture
def run_example(free_port):
    """Run the example gRPC service within a block: run_example() yields its servicer, a stub and its address."""

    @contextmanager
    def run():
        servicer, config = ExampleService(), Config(port=free_port(), admin_port=0)
        address = f"127.0.0.1:{config.port}"
        with started(servicer.build_service, config), channel(address) as opened:
            yield servicer, ExampleStub(opened), address

    return run
