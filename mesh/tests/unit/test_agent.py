"""The limit of open files stands in for the limit of inotify instances, as in test_inotify.py."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from mesh.agent import __main__ as agent
from mesh.renderer.policies import ROOT

# The platform is on loopback, so that the agent does not try to resolve the names of containers.
RUN_WITH_FEW_FILES = """
import os, resource, sys
from pathlib import Path
from mesh.agent import __main__ as agent
from mesh.tests.stack import stack_platform
agent.PLATFORM = stack_platform(Path(sys.argv[1]))
limit = len(os.listdir("/proc/self/fd")) + 40
resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
sys.exit(agent.main(["run"]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has inotify")
def test_an_agent_without_enough_inotify_instances_stops_with_one_line_and_writes_nothing(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-c", RUN_WITH_FEW_FILES, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("Only ")
    assert "inotify instances" in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("readme", ["mesh/README.md", "compose/README.md"])
def test_the_documentation_names_the_number_of_inotify_instances(readme: str) -> None:
    text = " ".join((ROOT / readme).read_text(encoding="utf-8").split())
    assert re.search(rf"\buses? {agent.inotify_instances()}\b[^.]* inotify instances", text)
