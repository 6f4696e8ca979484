"""Real Envoys around small programs: a frontend, an intruder, a backend with two versions, a web service."""

from __future__ import annotations

import contextlib
import http.client
import json
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import grpc
import psutil
import requests

from chassis.errors import AppError
from laptop import binaries
from laptop.ephemeral import Server, free_port, running
from mesh.agent import certificates
from mesh.platform import NAME_LABEL, VERSION_LABEL, Address, Platform, Workload
from mesh.renderer import render
from mesh.renderer.policies import load
from mesh.sidecar.command import command
from mesh.sidecar.files import update, write
from tests.support.waiting import wait_until
from topology import Protocol

HOST = "127.0.0.1"
GET, LIST = "/example.Backend/Get", "/example.Backend/List"
POLICIES = Path(__file__).parent / "small_mesh.yaml"
CALL_TIMEOUT = 10.0  # seconds
# The certificates are from nine hours ago, so more than half of their lifetime has passed.
ISSUED_AT = datetime.now(UTC) - timedelta(hours=9)


@dataclass(frozen=True)
class SmallMesh:
    """A running mesh. `received` lists the headers of the calls that arrived, by workload.

    `answers` are the web service's responses, by path; `servers` the gRPC servers behind sidecars, by workload.
    """

    platform: Platform
    folder: Path
    received: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    answers: dict[str, object] = field(default_factory=dict)
    servers: dict[str, grpc.Server] = field(default_factory=dict)

    def address(self, caller: str, callee: str) -> str:
        """Return the address at which a program calls another: its own sidecar's."""
        found = self.platform.workload(caller).calls[callee]
        return f"{found.host}:{found.port}"

    def call_backend(self, caller: str = "frontend", method: str = GET, **headers: str) -> str:
        """Call the backend on a new connection and return the name of the workload that answered. Raises RpcError."""
        with grpc.insecure_channel(self.address(caller, "backend")) as channel:
            return call(channel, method, **headers)

    def call_web(self, path: str = "/open", method: str = "GET", **headers: str) -> int:
        """Call the web service as the frontend and return the status. Raises OSError."""
        connection = http.client.HTTPConnection(self.address("frontend", "web"), timeout=CALL_TIMEOUT)
        try:
            connection.request(method, path, headers=_header_names(headers))
            response = connection.getresponse()
            response.read()
            return response.status
        finally:
            connection.close()

    def apply(self, *files: Path) -> None:
        """Apply resources on top of the mesh's policies. Returns once every sidecar uses them."""
        policies = load(POLICIES)
        for file in files:
            policies = policies.changed_by(load(file))
        for name, documents in render(policies, self.platform).items():
            update(Path(self.platform.folder) / name, documents, self.platform.workload(name).status_address)

    def counter(self, name: str, pattern: str) -> int:
        """Return the sum of a sidecar's statistics whose names end with a pattern."""
        admin = self.platform.workload(name).admin
        url = f"http://{admin.host}:{admin.port}/stats?format=json&filter={pattern}$"
        return sum(entry.get("value", 0) for entry in requests.get(url, timeout=5).json()["stats"])


def call(channel: grpc.Channel, method: str = GET, **headers: str) -> str:
    """Make one call and return the name of the workload that answered. Raises RpcError."""
    metadata = list(_header_names(headers).items())
    answer: bytes = channel.unary_unary(method)(b"", metadata=metadata, timeout=CALL_TIMEOUT)
    return answer.decode()


def _header_names(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def _workload(
    name: str, service: str, protocol: Protocol, calls: tuple[str, ...] = (), version: str = "v1"
) -> Workload:
    admin, metrics, app, inbound = (Address(HOST, free_port()) for _ in range(4))
    listeners = {host: Address(HOST, free_port()) for host in calls}
    labels = {NAME_LABEL: service, VERSION_LABEL: version}
    return Workload(
        name, service, service, protocol, admin, metrics, app, inbound, calls=listeners, labels=labels
    )


def small_platform(folder: Path) -> Platform:
    """Return the platform of a small mesh, on free ports."""
    return Platform(
        workloads=(
            _workload("frontend", "frontend", Protocol.HTTP, ("backend", "web")),
            _workload("intruder", "intruder", Protocol.HTTP, ("backend",)),
            _workload("backend", "backend", Protocol.GRPC),
            _workload("backend-v2", "backend", Protocol.GRPC, version="v2"),
            _workload("web", "web", Protocol.HTTP),
        ),
        folder=str(folder / "sidecars"),
        certificates=str(folder / "certificates"),
        clients=("edge",),
    )


@contextlib.contextmanager
def running_mesh(platform: Platform, folder: Path, *, with_programs: bool = True) -> Iterator[SmallMesh]:
    """Run sidecars, and programs if `with_programs`, until the end of the `with` block."""
    mesh = SmallMesh(platform, folder, {workload.name: [] for workload in platform.workloads})
    certificates.renew(Path(platform.certificates), platform.identities, ISSUED_AT)
    with contextlib.ExitStack() as stack:
        for workload in platform.workloads if with_programs else ():
            if workload.service == "backend":
                stack.enter_context(_backend(mesh, workload))
            if workload.service == "web":
                stack.enter_context(_web(mesh, workload))
        for name, documents in render(load(POLICIES), platform).items():
            stack.enter_context(running_sidecar(platform, platform.workload(name), documents))
        yield mesh


@contextlib.contextmanager
def running_sidecar(platform: Platform, workload: Workload, documents: dict[str, Any]) -> Iterator[Path]:
    """Run one sidecar. Yields the path of its log."""
    folder = Path(platform.folder) / workload.name
    write(folder, documents)
    admin = f"http://{workload.admin.host}:{workload.admin.port}/ready"
    server = Server(
        command=command(binaries.envoy(), folder, log_flush_milliseconds=50),
        folder=folder,
        is_ready=lambda: is_ready(admin),
        stop_signal=signal.SIGTERM,
        identity={},
    )
    with running(server):
        yield folder / "server.log"


def sidecar_process(mesh: SmallMesh, name: str) -> psutil.Process:
    """Return the process of a sidecar."""
    file = str(Path(mesh.platform.folder) / name / "envoy.yaml")
    return next(one for one in psutil.process_iter(["cmdline"]) if file in (one.info["cmdline"] or []))


def inotify_instances(process: psutil.Process) -> int:
    """Return the number of inotify instances of a process. Linux only."""
    files = Path(f"/proc/{process.pid}/fd").iterdir()
    return sum(str(file.readlink()) == "anon_inode:inotify" for file in files)


def is_ready(url: str) -> bool:
    """Return whether a page answers with status 200."""
    try:
        return requests.get(url, timeout=2).status_code == 200
    except requests.ConnectionError:
        return False


def backend_server(mesh: SmallMesh, workload: Workload) -> grpc.Server:
    """Return a gRPC server for a backend's port, which several servers may share."""
    assert workload.app is not None

    def answer(request: bytes, context: grpc.ServicerContext) -> bytes:
        mesh.received[workload.name].append(dict(context.invocation_metadata()))
        return workload.name.encode()

    class AnyMethod(grpc.GenericRpcHandler):
        def service(self, details: grpc.HandlerCallDetails) -> Any:
            return grpc.unary_unary_rpc_method_handler(answer)

    server = grpc.server(ThreadPoolExecutor(8), handlers=(AnyMethod(),), options=[("grpc.so_reuseport", 1)])
    server.add_insecure_port(f"{HOST}:{workload.app.port}")
    return server


@contextlib.contextmanager
def _backend(mesh: SmallMesh, workload: Workload) -> Iterator[None]:
    mesh.servers[workload.name] = backend_server(mesh, workload)
    mesh.servers[workload.name].start()
    try:
        yield
    finally:
        mesh.servers[workload.name].stop(0).wait()


@contextlib.contextmanager
def _web(mesh: SmallMesh, workload: Workload) -> Iterator[None]:
    assert workload.app is not None

    class Web(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            mesh.received[workload.name].append({name.lower(): value for name, value in self.headers.items()})
            content = json.dumps(mesh.answers.get(self.path)).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer((HOST, workload.app.port), Web)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def under_load(work: Callable[[], object]) -> Iterator[Mapping[str, int]]:
    """Repeat a call from two threads until the end of the `with` block. Yields the number of each outcome.

    An outcome is `ok` or the text of an error. The numbers grow while the block runs.
    """
    outcomes: dict[str, int] = {"ok": 0}
    stopped = threading.Event()

    def repeat() -> None:
        while not stopped.is_set():
            try:
                work()
                outcome = "ok"
            except (grpc.RpcError, AppError, OSError) as error:
                outcome = str(error)
            outcomes[outcome] = outcomes.get(outcome, 0) + 1

    threads = [threading.Thread(target=repeat) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield outcomes
    finally:
        stopped.set()
        for thread in threads:
            thread.join()


def wait_for_more_calls(outcomes: Mapping[str, int]) -> None:
    """Wait until 50 more calls have succeeded."""
    enough = outcomes["ok"] + 50
    wait_until(lambda: outcomes["ok"] > enough)
