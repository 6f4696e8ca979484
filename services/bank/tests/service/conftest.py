import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import pytest
import requests

from tests.support.waiting import wait_until

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

    def set_faults(self, **faults):
        return self.session.put(f"{self.url}/v1/faults", json=faults, timeout=10)

    def clear_faults(self):
        return self.session.delete(f"{self.url}/v1/faults", timeout=10)

    def entries(self, reference):
        return self.get("/v1/ledger", reference=reference).json()["entries"]


def reason(response):
    """Return the reason of an error response, which is a google.rpc.Status in JSON."""
    detail = response.json()["details"][0]
    assert detail["domain"] == "night-market"
    return detail["reason"]


@pytest.fixture(scope="package")
def make_bank(service_database, free_port):
    """Return a factory of context managers that run a bank: entering the same one again restarts the bank."""

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
        wait_until(lambda: _is_ready(admin_url), timeout=60, what="the bank is ready")
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {API_KEY}"
            yield Bank(url, admin_url, session)
    finally:
        process.terminate()
        process.wait(timeout=15)


@pytest.fixture(scope="package")
def bank(make_bank):
    """The running bank: a separate process with a real database."""
    with make_bank()() as running:
        yield running


def _is_ready(admin_url):
    try:
        return requests.get(f"{admin_url}/readyz", timeout=5).status_code == 200
    except requests.ConnectionError:
        return False
