import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import requests

from nightmarket.payments.v1.payments_pb2_grpc import PaymentsServiceStub
from payments.__main__ import build_service
from payments.config import Config
from tests.support.services import channel, started
from tests.support.waiting import wait_until

API_KEY = "key-for-tests"
SLOW_SECONDS = 1.5


@dataclass
class Bank:
    """A real bank in its own process. Nothing of it is imported."""

    environment: dict[str, str]
    log: Path

    @property
    def url(self):
        return f"http://127.0.0.1:{self.environment['PORT']}"

    def entries(self, order_id):
        return [entry["operation"] for entry in self._get("/v1/ledger", reference=order_id)["entries"]]

    @contextmanager
    def with_faults(self, **faults):
        """Make the bank slow, unavailable or flaky during a block."""
        self._call("PUT", "/v1/faults", json=faults)
        try:
            yield
        finally:
            self._call("DELETE", "/v1/faults")

    def logged(self, word):
        return [line for line in self.log.read_text().splitlines() if word in line]

    @contextmanager
    def running(self):
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "bank"], env={**os.environ, **self.environment}, stdout=log, stderr=log
            )
            try:
                wait_until(self._is_ready)
                yield process
            finally:
                process.terminate()
                process.wait(timeout=30)

    def _get(self, path, **query):
        return self._call("GET", path, params=query)

    def _call(self, method, path, **more):
        headers = {"Authorization": f"Bearer {API_KEY}"}
        response = requests.request(method, self.url + path, headers=headers, timeout=10, **more)
        response.raise_for_status()
        return response.json()

    def _is_ready(self):
        try:
            admin = f"http://127.0.0.1:{self.environment['ADMIN_PORT']}"
            return requests.get(f"{admin}/readyz", timeout=5).status_code == 200
        except requests.ConnectionError:
            return False


@pytest.fixture(scope="package")
def make_bank(service_database, free_port, tmp_path_factory):
    """Prepare a bank with its own ledger: make_bank() returns a Bank that is not running yet."""

    def make():
        environment = {
            "DATABASE_URL": service_database("bank"),
            "PORT": str(free_port()),
            "ADMIN_PORT": str(free_port()),
            "BANK_API_KEY": API_KEY,
            "BANK_SLOW_SECONDS": str(SLOW_SECONDS),
        }
        return Bank(environment, tmp_path_factory.mktemp("bank") / "log")

    return make


@pytest.fixture(scope="package")
def bank(make_bank):
    """The bank that all tests share."""
    prepared = make_bank()
    with prepared.running():
        yield prepared


@pytest.fixture(scope="package")
def start_payments(service_database, free_port):
    """Start payments with a bank: start_payments(bank_url) is a context manager that returns its stub."""

    @contextmanager
    def start(bank_url):
        config = Config(
            database_url=service_database("payments"),
            bank_url=bank_url,
            bank_api_key=API_KEY,
            port=free_port(),
            admin_port=free_port(),
        )
        with started(build_service, config), channel(f"127.0.0.1:{config.port}") as opened:
            yield PaymentsServiceStub(opened)

    return start


@pytest.fixture(scope="package")
def payments(bank, start_payments):
    """A stub of the payments service that uses the shared bank."""
    with start_payments(bank.url) as stub:
        yield stub


@contextmanager
def hanging(popen):
    """Let the bank accept connections without responding during a block."""
    bank = psutil.Process(popen.pid)
    processes = [bank, *bank.children(recursive=True)]
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        for process in processes:
            process.resume()
