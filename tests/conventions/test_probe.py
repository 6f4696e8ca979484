"""The health check of the containers."""

import subprocess
import sys

import pytest

from chassis.errors import Unavailable
from chassis.health import AdminServer, Readiness
from tests.conventions.repository import ROOT


@pytest.fixture
def readiness():
    return Readiness()


@pytest.fixture
def port(readiness):
    server = AdminServer("127.0.0.1", 0, readiness)
    server.start()
    yield server.port
    server.stop()


def probe(*arguments):
    """Run the check as a container engine does; return its exit code and output."""
    command = [sys.executable, "-S", str(ROOT / "images" / "probe.py"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, env={})
    return done.returncode, done.stdout, done.stderr


def test_a_ready_service_is_healthy(port):
    assert probe(port) == (0, "", "")


def test_a_service_that_is_not_ready_is_unhealthy_and_the_reason_is_printed(port, readiness):
    def out():
        raise Unavailable("DATABASE_UNAVAILABLE", "The database does not answer.")

    readiness.add("database", out)
    code, output, _ = probe(port)
    assert code == 1
    assert "The database does not answer." in output
    assert probe(port, "/livez") == (0, "", "")


def test_a_container_without_a_server_is_unhealthy():
    code, output, error = probe(1)
    assert (code, error) == (1, "")
    assert output.startswith("no answer: ")
