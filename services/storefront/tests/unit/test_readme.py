import re
from dataclasses import fields
from pathlib import Path

from chassis.config import ServiceConfig
from storefront.config import Config

FOLDER = Path(__file__).parents[2]
README = (FOLDER / "README.md").read_text(encoding="utf-8")


def test_the_readme_lists_every_page():
    routes = re.findall(
        r'\("(GET|POST)", "([^"]+)"', (FOLDER / "src/storefront/app.py").read_text(encoding="utf-8")
    )
    assert len(routes) > 20
    listed = re.findall(r"`(GET|POST) ([^`]+)`", README)
    assert {(method, re.sub(r"<.*?>", "<>", path)) for method, path in routes} == {
        (method, re.sub(r"<.*?>", "<>", path)) for method, path in listed
    }


def test_the_readme_explains_every_variable():
    own = {field.name.upper() for field in fields(Config)} - {
        field.name.upper() for field in fields(ServiceConfig)
    }
    rows = " ".join(line.split("|")[1] for line in README.splitlines() if line.startswith("| `"))
    assert own <= set(re.findall(r"`([A-Z_]+)`", rows))
