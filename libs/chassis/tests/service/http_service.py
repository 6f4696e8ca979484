"""A tiny HTTP service, for tests that run it as a process of its own: python service.py FOLDER."""

import sys
import time
from pathlib import Path

import flask

from chassis import context
from chassis.config import ServiceConfig, load
from chassis.errors import FailedPrecondition
from chassis.http_server import add_http_server, init_app
from chassis.lifecycle import Service


class SoldOut(Exception):
    """A refusal of the domain."""


class Config(ServiceConfig):
    service = "service"


def build(folder: Path) -> flask.Flask:
    """The app; the folder is where /slow and its test leave word for each other."""
    app = flask.Flask(__name__)

    @app.get("/products/<product_id>")
    def product(product_id: str) -> dict[str, object]:
        now = context.current()
        return {"id": product_id, "headers": dict(now.headers), "seconds left": now.time_remaining(60.0)}

    @app.get("/sold-out")
    def sold_out() -> str:
        raise SoldOut("All gone.")

    @app.get("/broken")
    def broken() -> str:
        raise KeyError("the password is swordfish")

    @app.post("/baskets")
    def baskets() -> dict[str, int]:
        return {"bytes": len(flask.request.get_data())}

    @app.get("/slow")
    def slow() -> str:
        (folder / "begun").touch()
        while not (folder / "may-finish").exists():
            time.sleep(0.01)
        return "done"

    return init_app(app, {SoldOut: FailedPrecondition})


if __name__ == "__main__":
    service = Service(load(Config))
    add_http_server(service, lambda: build(Path(sys.argv[1])))
    service.run()
