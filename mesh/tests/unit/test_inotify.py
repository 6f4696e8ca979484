"""Whether enough inotify instances are left. Few open files stand for few instances: the system refuses both alike."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from mesh import inotify

pytestmark = pytest.mark.skipif(platform.system() != "Linux", reason="only Linux has inotify")
FEW = """
import os, resource
from mesh import inotify
limit = len(os.listdir("/proc/self/fd")) + 3
resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
try:
    inotify.check_enough(50)
except inotify.TooFewInstances as error:
    print(error)
print(len(os.listdir("/proc/self/fd")) - limit)
"""


def test_too_few_are_one_line_that_says_what_to_do() -> None:
    asked = subprocess.run([sys.executable, "-c", FEW], capture_output=True, text=True, check=True)
    line, left_open = asked.stdout.splitlines()
    assert line.startswith("Only ")
    assert "of the 50 inotify instances" in line
    assert "sudo sysctl fs.inotify.max_user_instances=512" in line
    assert int(left_open) == -3


def test_none_is_kept() -> None:
    before = os.listdir("/proc/self/fd")
    inotify.check_enough(1)
    assert os.listdir("/proc/self/fd") == before


def test_there_is_nothing_to_count_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    inotify.check_enough(10**9)
