"""The servers of a run: a temporary stack, the baseline under gunicorn, and a sink for traces."""

from __future__ import annotations

import contextlib
import logging
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import flask
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from werkzeug.serving import make_server

from laptop import LaptopError
from laptop.ephemeral import Server, free_port, running
from laptop.ports import BLOCK, HOST, Ports, check_free
from laptop.state_dir import StateDir
from tools.bench.workload import BenchError, Client

ROOT = Path(__file__).resolve().parents[2]
FLUSH_SECONDS = 1.5  # after this time all spans have been sent
_FLUSH = {"OTEL_BSP_SCHEDULE_DELAY": "1000"}  # milliseconds: each round bears the cost of its own traces


class TemporaryStack:
    """A stack with its own folder and ports, operated by the commands that people use.

    With `mesh`, each service has a sidecar.
    """

    def __init__(self, folder: Path, environ: Mapping[str, str], mesh: bool = False) -> None:
        self.state_dir = StateDir(folder)
        self.ports = _free_ports()
        self._options = ["--mesh"] if mesh else []
        # The caller's own telemetry settings would change what is measured.
        self._environ = {name: value for name, value in environ.items() if not name.startswith("OTEL_")}

    def up(self, extra: Mapping[str, str] | None = None) -> None:
        """Start the stack, with additional environment variables. Raises BenchError if it fails."""
        self._run("up", "--port", str(self.ports.gateway), *self._options, extra=extra or {})

    def down(self) -> None:
        """Stop the stack; its data stays."""
        self._run("down")

    def reset(self) -> None:
        """Stop the stack and delete its data."""
        self._run("reset", "--yes")

    def _run(self, command: str, *arguments: str, extra: Mapping[str, str] | None = None) -> None:
        # The command gets its own session, so that Ctrl-C reaches it once, from here, and it can clean up.
        process = subprocess.Popen(
            [sys.executable, "-m", "laptop", command, "--dir", str(self.state_dir.path), *arguments],
            cwd=ROOT, env={**self._environ, **(extra or {})}, start_new_session=True, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            output, _ = process.communicate()
        except BaseException:
            process.send_signal(signal.SIGTERM)
            process.communicate()
            raise
        if process.returncode:
            raise BenchError(f"`python -m laptop {command}` failed:\n{output}")


@contextlib.contextmanager
def temporary_stack(folder: Path, environ: Mapping[str, str], mesh: bool = False) -> Iterator[TemporaryStack]:
    """Provide a stack that is not started yet, and reset it at the end of the block, even after an interrupt."""
    stack = TemporaryStack(folder, environ, mesh)
    try:
        yield stack
    finally:
        before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
        stack.reset()
        for number, handler in before.items():
            signal.signal(number, handler)


def _free_ports() -> Ports:
    for _ in range(100):
        ports = Ports(random.randrange(20_000, 32_000 - BLOCK))
        with contextlib.suppress(LaptopError):
            check_free(ports, with_mesh=True)
            return ports
    raise BenchError("no free block of ports was found")


@contextlib.contextmanager
def flask_hello(folder: Path) -> Iterator[tuple[int, int]]:
    """Run the baseline under gunicorn, with one worker and eight threads, and provide its port and process id."""
    port, pid_file = free_port(), folder / "gunicorn.pid"
    command = [
        sys.executable, "-m", "gunicorn", "--workers", "1", "--threads", "8", "--keep-alive", "75",
        "--chdir", str(ROOT), "--bind", f"{HOST}:{port}", "--pid", str(pid_file), "tools.bench.hello:app",
    ]  # fmt: skip

    def is_ready() -> bool:
        with Client(port) as client, contextlib.suppress(BenchError):
            return client.fetch("/") == b"hello"
        return False

    with running(Server(command, folder, is_ready, stop_signal=signal.SIGTERM, identity={})):
        yield port, int(pid_file.read_text())


class TraceSink:
    """An OTLP collector over HTTP that counts the spans of each service in `spans`, and discards them."""

    def __init__(self) -> None:
        self.spans: Counter[str] = Counter()
        app = flask.Flask("sink")
        app.add_url_rule("/v1/traces", view_func=self._receive, methods=["POST"])
        logging.getLogger("werkzeug").setLevel(logging.WARNING)  # no line for each request
        self._server = make_server(HOST, 0, app, threaded=True)

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that make a stack send its traces here."""
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{HOST}:{self._server.server_port}", **_FLUSH}

    @contextlib.contextmanager
    def running(self) -> Iterator[TraceSink]:
        """Listen while the block runs."""
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()

    def _receive(self) -> str:
        for part in ExportTraceServiceRequest.FromString(flask.request.get_data()).resource_spans:
            attributes = {entry.key: entry.value.string_value for entry in part.resource.attributes}
            self.spans[attributes["service.name"]] += sum(len(scope.spans) for scope in part.scope_spans)
        return ""
