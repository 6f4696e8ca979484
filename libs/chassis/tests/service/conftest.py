from contextlib import contextmanager

import pytest
from prometheus_client import REGISTRY

from chassis.testing import channel, started
from libs.chassis.tests.service.echo import Config, Echo, EchoStub


@pytest.fixture
def run_echo(free_port):
    """Runs a tiny gRPC service for the length of a block: run_echo() -> (its servicer, a stub, its address)."""

    @contextmanager
    def run():
        echo, config = Echo(), Config(port=free_port(), admin_port=0)
        address = f"127.0.0.1:{config.port}"
        with started(echo.compose, config), channel(address) as opened:
            yield echo, EchoStub(opened), address

    return run


@pytest.fixture
def counted():
    """How much a metric has grown since the test began: counted(name, label=value, ...)."""
    before = {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for metric in REGISTRY.collect()
        for sample in metric.samples
    }

    def count(name, **labels):
        return (REGISTRY.get_sample_value(name, labels) or 0) - before.get(
            (name, frozenset(labels.items())), 0
        )

    return count
