"""A market as `make up` runs it, with real servers, but a stand-in for each service."""

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
from laptop.home import Home
from laptop.programs import ROOT
from laptop.tests.blocks import free_block
from topology import SERVICES


class SmallMarket:
    """One market, steered as a person does: by commands."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder)
        self.port = free_block()
        self.place_stand_ins()

    def place_stand_ins(self) -> None:
        """Put a stand-in for each service where Python finds it before the service: where programs start."""
        self.home.path.mkdir(exist_ok=True)
        for service in SERVICES:
            shutil.copy(Path(__file__).with_name("stand_in.py"), self.home.path / f"{service.name}.py")

    def command(self, name: str, *arguments: str) -> list[str]:
        """The command line of one command on this market."""
        return [sys.executable, "-m", "laptop", name, "--dir", str(self.home.path), *arguments]

    def run(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Carry out a command and give what it printed."""
        return subprocess.run(
            self.command(name, *arguments), cwd=ROOT, env=caller(), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=90,
        )  # fmt: skip

    def up(self) -> str:
        """Open the market and give what was printed."""
        result = self.run("up", "--port", str(self.port))
        assert result.returncode == 0, result.stderr
        return result.stdout

    def processes(self) -> list[psutil.Process]:
        """What runs of this market."""
        return processes.of_market(self.home)

    def runs(self, program: str) -> bool:
        """Whether a process of this market runs the program, such as `postgres`."""
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                if process.name() == program:
                    return True
        return False

    def pid(self, name: str) -> int:
        """The process id of a program, as `status` shows it; 0 if it does not run."""
        rows = (line.split() for line in self.run("status").stdout.splitlines())
        return next(int(row[2].replace("-", "0")) for row in rows if row and row[0] == name)

    def supervisor(self) -> psutil.Process:
        """The supervisord of this market."""
        return psutil.Process(int((self.home.run / "supervisord.pid").read_text()))

    def answers(self) -> bool:
        """Whether the market is ready, asked through its gateway."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


def caller(**more: str) -> dict[str, str]:
    """The environment of a person's shell."""
    return {"PATH": os.environ["PATH"], **more}
