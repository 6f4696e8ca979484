import subprocess
import sys

import pytest

from chassis import probe
from chassis.errors import Unavailable
from chassis.health import AdminServer, Readiness


@pytest.fixture
def readiness():
    return Readiness()


@pytest.fixture
def port(readiness):
    server = AdminServer("127.0.0.1", 0, readiness)
    server.start()
    yield server.port
    server.stop()


def probed(*arguments):
    """As a container's engine does it: exit code and output."""
    command = [sys.executable, "-S", probe.__file__, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, env={})
    return done.returncode, done.stdout, done.stderr


def test_a_service_that_is_ready_is_healthy(port):
    assert probed(port) == (0, "", "")


def test_a_service_that_is_not_ready_is_not_and_says_why(port, readiness):
    def out():
        raise Unavailable("DATABASE_UNAVAILABLE", "The database does not answer.")

    readiness.add("database", out)
    code, said, _ = probed(port)
    assert code == 1
    assert "The database does not answer." in said
    assert probed(port, "/livez") == (0, "", "")


def test_where_nobody_listens_nobody_is_healthy():
    code, said, error = probed(1)
    assert (code, error) == (1, "")
    assert said.startswith("no answer: ")
