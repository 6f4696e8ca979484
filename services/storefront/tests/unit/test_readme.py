import re
from dataclasses import fields
from pathlib import Path

import pytest

from chassis.config import ServiceConfig
from storefront.app import create_app
from storefront.clients import connect
from storefront.config import Config, Secret

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def routes():
    """Every route of the app, with its placeholders emptied. Nothing is connected."""
    nowhere = "127.0.0.1:1"
    config = Config(
        catalog_addr=nowhere,
        inventory_addr=nowhere,
        cart_addr=nowhere,
        orders_addr=nowhere,
        recommendations_addr=nowhere,
        accounts_url=f"http://{nowhere}",
        secret_key=Secret("a secret for the tests"),
    )
    clients = connect(config)
    rules = create_app(clients, config.secret_key).url_map.iter_rules()
    clients.close()
    return {
        (method, without_names(rule.rule))
        for rule in rules
        for method in (rule.methods or set()) & {"GET", "POST"}
    }


def without_names(path):
    return re.sub(r"<.*?>", "<>", path)


def test_the_readme_lists_every_route(routes):
    assert len(routes) > 20
    listed = re.findall(r"`(GET|POST) ([^`]+)`", README)
    assert routes == {(method, without_names(path)) for method, path in listed}


def test_the_readme_explains_every_variable():
    own = {field.name.upper() for field in fields(Config)} - {
        field.name.upper() for field in fields(ServiceConfig)
    }
    rows = " ".join(line.split("|")[1] for line in README.splitlines() if line.startswith("| `"))
    assert own <= set(re.findall(r"`([A-Z_]+)`", rows))
