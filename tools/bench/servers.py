"""What is measured: a throw-away market, and the bare Flask application under gunicorn."""

from __future__ import annotations

import contextlib
import random
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from laptop.errors import LaptopError
from laptop.home import Home
from laptop.ports import BLOCK, Ports, check_free
from laptop.throwaway import Server, free_port, running
from tools.bench.client import Client

ROOT = Path(__file__).resolve().parents[2]


class ThrowAwayMarket:
    """A market in a folder of its own, driven by the commands that people use; ``reset`` ends all of it.

    With ``mesh`` a sidecar stands beside each service.
    """

    def __init__(self, folder: Path, environ: Mapping[str, str], mesh: bool = False) -> None:
        self.home = Home(folder)
        self._how = ["--mesh"] if mesh else []
        self.ports = _free_ports()
        # Whatever the caller traces elsewhere is not what is measured here.
        self._environ = {name: value for name, value in environ.items() if not name.startswith("OTEL_")}

    def up(self, extra: Mapping[str, str]) -> None:
        """Open it, with some more environment variables; `LaptopError` with its own words if it fails."""
        self._run("up", "--port", str(self.ports.gateway), *self._how, environ={**self._environ, **extra})

    def down(self) -> None:
        """Close it; the data stay."""
        self._run("down", environ=self._environ)

    def reset(self) -> None:
        """Close it and delete its data."""
        self._run("reset", "--yes", environ=self._environ)

    def _run(self, command: str, *arguments: str, environ: Mapping[str, str]) -> None:
        # In a session of its own: Ctrl-C reaches it through us, once, and it can clear up.
        process = subprocess.Popen(
            [sys.executable, "-m", "laptop", command, "--dir", str(self.home.path), *arguments],
            cwd=ROOT, env=environ, start_new_session=True, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            said, _ = process.communicate()
        except BaseException:
            process.send_signal(signal.SIGTERM)
            process.communicate()
            raise
        if process.returncode:
            raise LaptopError(f"`python -m laptop {command}` failed:\n{said}")


@contextlib.contextmanager
def throw_away_market(
    folder: Path, environ: Mapping[str, str], mesh: bool = False
) -> Iterator[ThrowAwayMarket]:
    """A market that is not open yet, and gone at the end of the block, however that comes."""
    market = ThrowAwayMarket(folder, environ, mesh)
    try:
        yield market
    finally:
        before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
        market.reset()
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def flask_hello(folder: Path) -> Iterator[tuple[int, int]]:
    """The yardstick under gunicorn, one worker and eight threads: its port and process id."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--workers", "1", "--threads", "8", "--keep-alive", "75"]
    pid_file = folder / "gunicorn.pid"
    server = Server(
        command=[*command, "--chdir", str(ROOT), "--bind", f"127.0.0.1:{port}", "--pid", str(pid_file),
                 "bench.hello:app"],
        folder=folder, is_ready=lambda: _answers(port), stop_signal=signal.SIGTERM, identity={},
    )  # fmt: skip
    with running(server):
        yield port, int(pid_file.read_text())


def _answers(port: int) -> bool:
    with Client(port) as client, contextlib.suppress(LaptopError):
        return client.fetch("/") == b"hello"
    return False


def _free_ports() -> Ports:
    for _ in range(100):
        ports = Ports(random.randrange(20_000, 32_000 - BLOCK))
        with contextlib.suppress(LaptopError):
            check_free(ports, with_mesh=True)
            return ports
    raise LaptopError("there is no free block of ports for a market")
