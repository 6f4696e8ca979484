import json
import os
import signal
import subprocess
import sys
import urllib.request

import pytest

from tests.support.waiting import wait_until

OWN = (
    "catalog_addr",
    "inventory_addr",
    "recommendations_addr",
    "cart_addr",
    "orders_addr",
    "accounts_url",
    "secret_key",
)


@pytest.fixture
def process(stack, state):
    """The shop as a separate process."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    for name in (*OWN, "port", "admin_port"):
        environment[name.upper()] = str(getattr(stack.config, name))
    with subprocess.Popen(
        [sys.executable, "-m", "storefront"], env=environment, stdout=subprocess.PIPE
    ) as started:
        yield started
        started.kill()


def fetch(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except OSError:
        return 0, ""


def test_the_process_serves_pages_and_its_health_and_stops_on_sigterm(process, stack):
    config = stack.config
    wait_until(lambda: fetch(config.admin_port, "/readyz")[0] == 200, 20)
    assert "lanterns" in fetch(config.port, "/")[1]
    assert json.loads(fetch(config.port, "/readyz")[1]) == {"status": "ready"}
    assert 'http_route="/"' in fetch(config.admin_port, "/metrics")[1]
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0
