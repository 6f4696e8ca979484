"""The running service: a separate process."""

import os
import signal
import subprocess
import sys

import pytest
import requests

from tests.support.waiting import wait_until


@pytest.fixture(scope="module")
def process(config):
    environment = {
        **os.environ,
        "DATABASE_URL": config.database_url,
        "PORT": str(config.port),
        "ADMIN_PORT": str(config.admin_port),
    }
    started = subprocess.Popen([sys.executable, "-m", "accounts"], env=environment, stdout=subprocess.PIPE)
    try:
        wait_until(lambda: get(config.admin_port, "/readyz") == 200, timeout=60, what="accounts is ready")
        yield started
    finally:
        started.kill()
        started.communicate()


def get(port, path):
    try:
        return requests.get(f"http://127.0.0.1:{port}{path}", timeout=5).status_code
    except requests.ConnectionError:
        return None


def post(config, path, **body):
    return requests.post(f"http://127.0.0.1:{config.port}{path}", json=body, timeout=10)


def test_sign_ups_and_sign_ins_are_counted(process, config):
    credentials = {"email": "process@example.org", "password": "lantern light"}
    assert post(config, "/api/v1/accounts", name="Ming", **credentials).status_code == 201
    assert post(config, "/api/v1/sessions", **credentials).status_code == 200
    assert post(config, "/api/v1/sessions", **{**credentials, "password": "wrong"}).status_code == 401
    metrics = requests.get(f"http://127.0.0.1:{config.admin_port}/metrics", timeout=5).text
    assert "market_accounts_created_total 1.0" in metrics
    assert 'market_sign_ins_total{outcome="done"} 1.0' in metrics
    assert 'market_sign_ins_total{outcome="rejected"} 1.0' in metrics


def test_a_large_body_of_unknown_length_is_rejected(process, config):
    chunks = iter([b"x" * 40_000] * 3)
    headers = {"Content-Type": "application/json"}
    url = f"http://127.0.0.1:{config.port}/api/v1/sessions"
    assert 400 <= requests.post(url, data=chunks, headers=headers, timeout=10).status_code < 500


def test_it_stops_on_sigterm(process):
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=15) == 0
