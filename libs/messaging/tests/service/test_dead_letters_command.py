import os
import subprocess
import sys

import pytest

from chassis.errors import Unavailable
from libs.messaging.tests.service.shop import Shop
from tools import dead_letters


@pytest.fixture
def shop(name, nats, tables):
    """A service that has set one message aside."""
    shop = Shop(name, nats, tables)
    shop.sends(b"one")
    with shop.open():
        shop.gives_up()
    return shop


def command(nats_url, *arguments):
    """What the command says, and how it ends."""
    environment = {**os.environ, "NATS_URL": nats_url}
    ended = subprocess.run(
        [sys.executable, "-m", "tools.dead_letters", *arguments],
        env=environment,
        capture_output=True,
        text=True,
    )
    return ended.returncode, ended.stdout, ended.stderr


def test_the_command_shows_and_sends_back(shop, nats_url):
    assert "b'one'" in command(nats_url, "list", "--service", shop.name, "--verbose")[1]
    told = command(nats_url, "replay", "--service", shop.name)
    assert told == (0, f"1 event replayed: 1 to {shop.name}\n", "")
    assert shop.set_aside() == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["replay", "--number", "0"], "dead-letters: There is no dead letter 0.\n"),
        (["list", "--service", "A B"], "dead-letters: A service's name has "),
        (["replay", "--number", "x"], "invalid int value"),
        ([], "required: command"),
    ],
)
def test_a_command_that_makes_no_sense_is_told_in_a_line(nats_url, arguments, words):
    code, out, error = command(nats_url, *arguments)
    assert (code, out) == (2, "")
    assert words in error


def test_a_broker_that_is_not_there_is_told_in_a_line(free_port, monkeypatch):
    monkeypatch.setattr(dead_letters, "_CONNECT_SECONDS", 0.1)
    with pytest.raises(Unavailable), dead_letters.connected(f"nats://127.0.0.1:{free_port()}"):
        pass
    ended = command(f"nats://127.0.0.1:{free_port()}", "list")
    assert ended == (1, "", "dead-letters: The message broker does not answer.\n")


def test_without_its_address_the_broker_is_missed_in_a_line():
    assert command("", "list") == (2, "", "dead-letters: NATS_URL is missing\n")
