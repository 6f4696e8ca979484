"""Runs tiny HTTP services as processes of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.support.waiting import wait_until

PROGRAM = Path(__file__).parent / "http_service.py"


@dataclass
class HttpService:
    """A running service: where it answers, its process, where its log goes."""

    address: tuple[str, int]
    admin_url: str
    process: "subprocess.Popen[bytes]"
    folder: Path

    @property
    def url(self) -> str:
        """Where its pages are."""
        return "http://{}:{}".format(*self.address)

    def log(self) -> list[dict[str, Any]]:
        """What it has written to its log so far; every line is JSON."""
        return [json.loads(line) for line in (self.folder / "log").read_text().splitlines()]

    def is_alive(self) -> bool:
        """Whether the admin server answers."""
        assert self.process.poll() is None, (self.folder / "log").read_text()
        return answers(f"{self.admin_url}/livez")


def answers(url: str) -> bool:
    """Whether anybody answers at the address."""
    try:
        requests.get(url, timeout=5)
    except requests.ConnectionError:
        return False
    return True


@contextmanager
def running_service(folder: Path, port: int, admin_port: int, **environ: str) -> Iterator[HttpService]:
    """A service that answers; it is killed at the end if it still runs."""
    settings = {**os.environ, "PORT": str(port), "ADMIN_PORT": str(admin_port), **environ}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, PROGRAM, folder], stdout=log, stderr=subprocess.STDOUT, env=settings
        )
    service = HttpService(("127.0.0.1", port), f"http://127.0.0.1:{admin_port}", process, folder)
    try:
        wait_until(service.is_alive)
        yield service
    finally:
        process.kill()
        process.wait()
