"""What a profile adds to the market works with it."""

import dataclasses
import re

import pytest
import requests
import yaml

from laptop.ephemeral import free_port
from tests.containers.engine import ROOT, docker
from tests.support.waiting import wait_until
from tests.system.test_outages import buys

FILES = (ROOT / "docker-compose.yml", ROOT / "telemetry" / "compose.yaml")
IMAGES = {
    name: service["image"]
    for file in FILES
    for name, service in yaml.safe_load(file.read_text())["services"].items()
}


def has_image(service):
    """Whether the image of another project is there or can be had."""
    image = IMAGES[service]
    return bool(docker("image", "ls", "--quiet", image) or docker("pull", "--quiet", image, check=False))


def needs_image(service):
    """Skips where it is not."""
    if not has_image(service):
        pytest.skip(f"{IMAGES[service]} cannot be had here: this was not tried")


@pytest.fixture
def mail_server(compose):
    """The market with a mail server; gives the address of its pages."""
    needs_image("mailpit")
    port = free_port()
    changed = dataclasses.replace(compose, more={"SMTP_URL": "smtp://mailpit:1025", "MAIL_PORT": str(port)})
    changed.run("--profile", "mail", "up", "--wait")
    yield f"http://127.0.0.1:{port}"
    compose.run("--profile", "mail", "stop", "mailpit")
    compose.run("up", "--wait")


def test_the_profile_mail_shows_every_mail_in_a_mail_server(mail_server, shopper, plentiful):
    order = buys(shopper, plentiful[0])

    def subjects():
        found = requests.get(f"{mail_server}/api/v1/messages", timeout=10).json()["messages"]
        return {mail["Subject"] for mail in found if mail["To"][0]["Address"] == shopper.email}

    thanks, sent = f"Thank you for your order {order['id']}", f"Your order {order['id']} is on its way"
    assert wait_until(lambda: subjects() >= {thanks, sent}, timeout=60)


def test_the_profile_load_brings_shoppers_whom_nothing_fails(compose):
    ran = compose.try_(
        "run", "--rm", "--build", "loadtests",
        "--host", "http://gateway:8080", "--headless", "--users", "5", "--spawn-rate", "5", "--run-time", "15s",
        "--only-summary",
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    (row,) = re.findall(r"Aggregated +(\d+) +(\d+)", ran.stdout + ran.stderr)[:1]
    assert int(row[0]) > 20
    assert int(row[1]) == 0
