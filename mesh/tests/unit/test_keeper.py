"""The keeper says at its start where sidecars could not start. Few open files stand for few inotify instances."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from laptop.ephemeral import free_port_block
from mesh import keeper
from mesh.policies import ROOT

# On loopback, where no sidecar runs: nobody is to look for the containers' names.
FEW = """
import os, resource, sys
from pathlib import Path
from laptop.ports import Ports
from mesh import keeper
from mesh.laptop import laptop_site
keeper.SITE = laptop_site(Ports(int(sys.argv[1])), Path(sys.argv[2]))
limit = len(os.listdir("/proc/self/fd")) + 40
resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
sys.exit(keeper.main(["keep"]))
"""


@pytest.mark.skipif(platform.system() != "Linux", reason="only Linux has inotify")
def test_a_keeper_that_finds_too_few_inotify_instances_says_so_and_writes_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FEW, str(free_port_block()), str(tmp_path)]
    kept = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert kept.returncode == 1
    (line,) = kept.stderr.splitlines()
    assert line.startswith("Only ")
    assert "inotify instances" in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("readme", ["mesh/README.md", "compose/README.md"])
def test_the_documentation_knows_how_many_a_market_takes(readme: str) -> None:
    said = " ".join((ROOT / readme).read_text(encoding="utf-8").split())
    assert f"take {keeper.watched()}" in said.replace("takes", "take")
