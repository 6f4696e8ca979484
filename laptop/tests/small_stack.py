"""A small stack, as `make up` runs it: real servers, but a fake in the place of each service."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import psutil

from laptop import processes
from laptop.ephemeral import free_port_block
from laptop.state_dir import StateDir
from laptop.supervisor import ROOT
from topology import SERVICES


class SmallStack:
    """One stack, controlled by the commands of `python -m laptop`."""

    def __init__(self, folder: Path) -> None:
        self.state_dir = StateDir(folder)
        self.port = free_port_block()
        self.place_fakes()

    def place_fakes(self) -> None:
        """Put a fake of each service in the folder where processes start, so that Python finds it first."""
        self.state_dir.path.mkdir(exist_ok=True)
        for service in SERVICES:
            shutil.copy(
                Path(__file__).with_name("fake_service.py"), self.state_dir.path / f"{service.name}.py"
            )

    def command(self, name: str, *arguments: str) -> list[str]:
        """Return the command line of a command."""
        return [sys.executable, "-m", "laptop", name, "--dir", str(self.state_dir.path), *arguments]

    def run(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command and return its output."""
        return subprocess.run(
            self.command(name, *arguments), cwd=ROOT, env=caller(), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=90,
        )  # fmt: skip

    def up(self) -> str:
        """Start the stack and return what was printed."""
        result = self.run("up", "--port", str(self.port))
        assert result.returncode == 0, result.stderr
        return result.stdout

    def processes(self) -> list[psutil.Process]:
        """Return all processes of this stack."""
        return processes.of_stack(self.state_dir)

    def runs(self, program: str) -> bool:
        """Return whether a process of this stack runs the program, such as `postgres`."""
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                if process.name() == program:
                    return True
        return False

    def pid(self, name: str) -> int:
        """Return the id of a process as `status` shows it, or 0 if it does not run."""
        rows = (line.split() for line in self.run("status").stdout.splitlines())
        return next(int(row[2].replace("-", "0")) for row in rows if row and row[0] == name)

    def supervisor(self) -> psutil.Process:
        """Return the supervisord of this stack."""
        return psutil.Process(int((self.state_dir.run / "supervisord.pid").read_text()))

    def is_ready(self) -> bool:
        """Return whether the gateway reports that the stack is ready."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


def caller(**more: str) -> dict[str, str]:
    """Return the environment of a user's shell."""
    return {"PATH": os.environ["PATH"], **more}
