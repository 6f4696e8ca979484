"""The containers of each profile work with the stack."""

import dataclasses
import re

import pytest
import requests
import yaml

from laptop.ephemeral import free_port
from tests.containers.project import ROOT, docker
from tests.support.waiting import wait_until
from tests.system.test_outages import buy

FILES = (ROOT / "docker-compose.yml", ROOT / "telemetry" / "compose.yaml")
IMAGES = {
    name: service["image"]
    for file in FILES
    for name, service in yaml.safe_load(file.read_text())["services"].items()
}


def has_image(service):
    """Return whether the image is on this machine or can be pulled."""
    image = IMAGES[service]
    return bool(docker("image", "ls", "--quiet", image) or docker("pull", "--quiet", image, check=False))


def needs_image(service):
    """Skip the test if the image is not available."""
    if not has_image(service):
        pytest.skip(f"{IMAGES[service]} is not available")


@pytest.fixture
def mail_server(compose):
    """Runs the stack with a mail server, and gives the URL of its pages."""
    needs_image("mailpit")
    port = free_port()
    changed = dataclasses.replace(
        compose, variables={"SMTP_URL": "smtp://mailpit:1025", "MAIL_PORT": str(port)}
    )
    changed.run("--profile", "mail", "up", "--wait")
    yield f"http://127.0.0.1:{port}"
    compose.run("--profile", "mail", "stop", "mailpit")
    compose.run("up", "--wait")


def test_with_the_profile_mail_a_mail_server_shows_every_email(mail_server, customer, in_stock):
    order = buy(customer, in_stock[0])

    def subjects():
        found = requests.get(f"{mail_server}/api/v1/messages", timeout=10).json()["messages"]
        return {email["Subject"] for email in found if email["To"][0]["Address"] == customer.email}

    confirmed, shipped = f"Thank you for your order {order['id']}", f"Your order {order['id']} is on its way"
    assert wait_until(lambda: subjects() >= {confirmed, shipped}, timeout=60)


def test_with_the_profile_load_no_request_fails(compose):
    done = compose.execute(
        "run", "--rm", "--build", "loadtests",
        "--host", "http://gateway:8080", "--headless", "--users", "5", "--spawn-rate", "5", "--run-time", "15s",
        "--only-summary",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    (row,) = re.findall(r"Aggregated +(\d+) +(\d+)", done.stdout + done.stderr)[:1]
    assert int(row[0]) > 20
    assert int(row[1]) == 0
