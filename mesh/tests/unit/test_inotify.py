"""The limit of open files stands in for the limit of inotify instances: the kernel returns an error in both cases."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from mesh.agent import inotify

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has inotify")
CHECK_WITH_FEW_FILES = """
import os, resource
from mesh.agent import inotify
limit = len(os.listdir("/proc/self/fd")) + 3
resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
try:
    inotify.check_available(50)
except inotify.TooFewInstances as error:
    print(error)
print(len(os.listdir("/proc/self/fd")) - limit)
"""


def test_too_few_instances_are_one_line_that_says_what_to_do() -> None:
    command = [sys.executable, "-c", CHECK_WITH_FEW_FILES]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    line, left_open = done.stdout.splitlines()
    assert line.startswith("Only ")
    assert "of the 50 inotify instances" in line
    assert "sudo sysctl fs.inotify.max_user_instances=512" in line
    assert int(left_open) == -3


def test_the_check_keeps_no_instance_open() -> None:
    before = os.listdir("/proc/self/fd")
    inotify.check_available(1)
    assert os.listdir("/proc/self/fd") == before


def test_other_systems_have_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    inotify.check_available(10**9)
