"""The commands of the README."""

import re
import subprocess
import uuid
from pathlib import Path

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_the_readme_s_purchase_works(stack_url):
    commands = next(block for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) if "curl" in block)
    assert "MARKET=http://127.0.0.1:8080" in commands
    # Ada may have an account from an earlier run.
    email = f"{uuid.uuid4().hex}@example.com"
    script = commands.replace("MARKET=http://127.0.0.1:8080", f"MARKET={stack_url}").replace(
        "ada@example.com", email
    )
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], capture_output=True, text=True, timeout=60
    )
    assert '"state":"CONFIRMED"' in ran.stdout.replace('": "', '":"'), ran.stdout + ran.stderr
