"""`docker compose up` in a fresh clone."""

import os
import subprocess

import pytest

from tests.containers.engine import ROOT, engine_answers


@pytest.mark.skipif(not engine_answers(), reason="no Docker engine with Compose answers here")
def test_without_secrets_compose_says_in_one_line_what_to_run():
    ran = subprocess.run(
        ["docker", "compose", "--env-file", "/dev/null", "up"],
        cwd=ROOT, capture_output=True, text=True, timeout=60,
        env={name: value for name, value in os.environ.items() if name != "MARKET_SECRETS"},
    )  # fmt: skip
    assert ran.returncode != 0
    (line,) = ran.stderr.splitlines()
    assert line.endswith("secrets are missing, run: make secrets")
