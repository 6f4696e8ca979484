import os
import subprocess
import sys

import pytest

from chassis.errors import Unavailable
from tools import dead_letters


@pytest.fixture
def service(service):
    """Return a service with one dead letter."""
    service.send_payload(b"one")
    with service.running():
        service.wait_for_dead_letters()
    return service


def run(nats_url, *arguments):
    """Run the command and return its exit code, stdout and stderr."""
    environment = {**os.environ, "NATS_URL": nats_url}
    result = subprocess.run(
        [sys.executable, "-m", "tools.dead_letters", *arguments],
        env=environment,
        capture_output=True,
        text=True,
    )
    return result.returncode, result.stdout, result.stderr


def test_the_command_lists_and_replays_dead_letters(service, nats_url):
    assert "b'one'" in run(nats_url, "list", "--service", service.name, "--verbose")[1]
    result = run(nats_url, "replay", "--service", service.name)
    assert result == (0, f"1 event replayed: 1 to {service.name}\n", "")
    assert service.dead_letters() == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["replay", "--number", "0"], "dead-letters: There is no dead letter 0.\n"),
        (["list", "--service", "A B"], "dead-letters: A service's name has "),
        (["replay", "--number", "x"], "invalid int value"),
        ([], "required: command"),
    ],
)
def test_an_invalid_argument_is_reported_in_one_line(nats_url, arguments, message):
    code, out, error = run(nats_url, *arguments)
    assert (code, out) == (2, "")
    assert message in error


def test_an_outage_of_nats_is_reported_in_one_line(free_port, monkeypatch):
    monkeypatch.setattr(dead_letters, "_CONNECT_SECONDS", 0.1)
    with pytest.raises(Unavailable), dead_letters.connected(f"nats://127.0.0.1:{free_port()}"):
        pass
    result = run(f"nats://127.0.0.1:{free_port()}", "list")
    assert result == (1, "", "dead-letters: The message broker does not answer.\n")


def test_a_missing_url_of_nats_is_reported_in_one_line():
    assert run("", "list") == (2, "", "dead-letters: NATS_URL is missing\n")
