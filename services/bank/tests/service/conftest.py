import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import pytest
import requests

from chassis.testing import eventually

API_KEY = "key-for-tests"
SLOW_SECONDS = 0.3


@dataclass
class Bank:
    """A client of a running bank."""

    url: str
    admin_url: str
    session: requests.Session

    def post(self, path, json=None, key="", **more):
        headers = {"Idempotency-Key": key} if key else {}
        return self.session.post(self.url + path, json=json, headers=headers, timeout=10, **more)

    def get(self, path, **query):
        return self.session.get(self.url + path, params=query, timeout=10)

    def authorize(self, reference, card="tok_visa", cents=1999, key=""):
        body = {"amountCents": cents, "currency": "USD", "token": card, "reference": reference}
        return self.post("/v1/authorizations", body, key or f"{reference}:authorize")

    def move(self, authorization_id, operation, key=""):
        path = f"/v1/authorizations/{authorization_id}/{operation}"
        return self.post(path, key=key or f"{authorization_id}:{operation}")

    def be(self, **faults):
        return self.session.put(f"{self.url}/v1/faults", json=faults, timeout=10)

    def be_well(self):
        return self.session.delete(f"{self.url}/v1/faults", timeout=10)

    def entries(self, reference):
        return self.get("/v1/ledger", reference=reference).json()["entries"]


def reason(response):
    """The reason of an answer that is an error in the market's form."""
    detail = response.json()["details"][0]
    assert detail["domain"] == "night-market"
    return detail["reason"]


@pytest.fixture(scope="package")
def make_bank(service_database, free_port):
    """Prepares a bank that is not running yet: `with make_bank()() as bank`; entered again, it is restarted."""

    def make():
        port, admin_port = free_port(), free_port()
        environment = {
            **os.environ,
            "DATABASE_URL": service_database("bank"),
            "PORT": str(port),
            "ADMIN_PORT": str(admin_port),
            "BANK_API_KEY": API_KEY,
            "BANK_SLOW_SECONDS": str(SLOW_SECONDS),
        }
        return partial(_running, environment)

    return make


@contextmanager
def _running(environment):
    url, admin_url = (f"http://127.0.0.1:{environment[name]}" for name in ("PORT", "ADMIN_PORT"))
    process = subprocess.Popen([sys.executable, "-m", "bank"], env=environment, stdout=subprocess.DEVNULL)
    try:
        eventually(lambda: _is_ready(admin_url))
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {API_KEY}"
            yield Bank(url, admin_url, session)
    finally:
        process.terminate()
        process.wait(timeout=15)


@pytest.fixture(scope="package")
def bank(make_bank):
    """The bank as it runs: a process of its own under gunicorn, on a real database."""
    with make_bank()() as running:
        yield running


def _is_ready(admin_url):
    try:
        return requests.get(f"{admin_url}/readyz", timeout=5).status_code == 200
    except requests.ConnectionError:
        return False
