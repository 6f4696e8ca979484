"""`docker compose up` in a new clone."""

import os
import subprocess

import pytest

from tests.containers.project import ROOT, engine_is_running


@pytest.mark.skipif(not engine_is_running(), reason="the Docker engine with Compose is not running")
def test_without_secrets_compose_names_the_command_that_creates_them():
    ran = subprocess.run(
        ["docker", "compose", "--env-file", "/dev/null", "up"],
        cwd=ROOT, capture_output=True, text=True, timeout=60,
        env={name: value for name, value in os.environ.items() if name != "MARKET_SECRETS"},
    )  # fmt: skip
    assert ran.returncode != 0
    (line,) = ran.stderr.splitlines()
    assert line.endswith("secrets are missing, run: make secrets")
