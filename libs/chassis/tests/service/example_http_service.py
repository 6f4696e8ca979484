"""An example HTTP service, which tests run in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flask
import requests

from chassis import context
from chassis.config import ServiceConfig, load
from chassis.errors import FailedPrecondition
from chassis.http_server import add_http_server, init_app
from chassis.lifecycle import Service
from tests.support.waiting import wait_until

COMMAND = [sys.executable, "-m", "libs.chassis.tests.service.example_http_service"]


class SoldOut(Exception):
    """An error of the domain."""


class Config(ServiceConfig):
    service = "example"


def create_app(folder: Path) -> flask.Flask:
    """Return the app. A request to /slow creates the file `started` and waits until the file `may-finish` exists."""
    app = flask.Flask(__name__)

    @app.get("/products/<product_id>")
    def product(product_id: str) -> dict[str, object]:
        now = context.current()
        return {"id": product_id, "headers": dict(now.headers), "time_remaining": now.time_remaining(60.0)}

    @app.get("/sold-out")
    def sold_out() -> str:
        raise SoldOut("All gone.")

    @app.get("/broken")
    def broken() -> str:
        raise KeyError("the password is swordfish")

    @app.post("/uploads")
    def upload() -> dict[str, int]:
        return {"bytes": len(flask.request.get_data())}

    @app.get("/slow")
    def slow() -> str:
        (folder / "started").touch()
        wait_until((folder / "may-finish").exists, timeout=60)
        return "done"

    return init_app(app, {SoldOut: FailedPrecondition})


@dataclass
class ExampleProcess:
    """A running process of the service, with its addresses and the folder that contains its log."""

    address: tuple[str, int]
    admin_url: str
    process: "subprocess.Popen[bytes]"
    folder: Path

    @property
    def url(self) -> str:
        """The base URL of the service."""
        return "http://{}:{}".format(*self.address)

    def log(self) -> list[dict[str, Any]]:
        """Return the log records so far."""
        return [json.loads(line) for line in (self.folder / "log").read_text().splitlines()]

    def is_alive(self) -> bool:
        """Return whether the admin server responds. Raises AssertionError if the process has exited."""
        assert self.process.poll() is None, (self.folder / "log").read_text()
        return responds(f"{self.admin_url}/livez")


def responds(url: str) -> bool:
    """Return whether a server accepts connections at a URL."""
    try:
        requests.get(url, timeout=5)
    except requests.ConnectionError:
        return False
    return True


@contextmanager
def running_process(folder: Path, port: int, admin_port: int, **environ: str) -> Iterator[ExampleProcess]:
    """Run the service in a process within a block. The process is killed at the end if it still runs."""
    variables = {**os.environ, "PORT": str(port), "ADMIN_PORT": str(admin_port), **environ}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*COMMAND, folder], stdout=log, stderr=subprocess.STDOUT, env=variables)
    example = ExampleProcess(("127.0.0.1", port), f"http://127.0.0.1:{admin_port}", process, folder)
    try:
        wait_until(example.is_alive)
        yield example
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    service = Service(load(Config))
    add_http_server(service, lambda: create_app(Path(sys.argv[1])))
    service.run()
