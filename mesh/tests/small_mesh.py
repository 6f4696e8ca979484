"""A mesh of real Envoys around small programs: a shop that may call, a thief that may not, and those who are called."""

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
from mesh import certificates, sidecars
from mesh.policies import load
from mesh.render import render
from mesh.site import NAME_LABEL, VERSION_LABEL, Address, Protocol, Site, Workload
from tests.support.waiting import wait_until

HOST = "127.0.0.1"
TAKE, LOOK = "/market.Shelf/Take", "/market.Shelf/Look"
POLICIES = Path(__file__).parent / "small_mesh.yaml"
ATTEMPT_SECONDS = 10.0
GIVEN = datetime.now(UTC) - timedelta(
    hours=9
)  # when the certificates were: they have lived more than half their life


@dataclass(frozen=True)
class SmallMesh:
    """Its sidecars run. `received` are the calls that arrived, by program, each with its headers.

    `answers` are what the desk answers, by path; `programs` the gRPC servers behind sidecars, by workload.
    """

    site: Site
    folder: Path
    received: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    answers: dict[str, object] = field(default_factory=dict)
    programs: dict[str, grpc.Server] = field(default_factory=dict)

    def workload(self, name: str) -> Workload:
        """One of them."""
        return next(workload for workload in self.site.workloads if workload.name == name)

    def address(self, caller: str, callee: str) -> str:
        """Where a program calls another: at its own sidecar."""
        found = self.workload(caller).calls[callee]
        return f"{found.host}:{found.port}"

    def take(self, caller: str = "shop", method: str = TAKE, **headers: str) -> str:
        """Calls the shelf, in a connection of its own; the name of the program that answered. Raises RpcError."""
        with grpc.insecure_channel(self.address(caller, "shelf")) as channel:
            return ask(channel, method, **headers)

    def knock(self, path: str = "/open", method: str = "GET", **headers: str) -> int:
        """Calls the desk, by HTTP, as the shop, with the path as it is; the status. Raises OSError."""
        connection = http.client.HTTPConnection(self.address("shop", "desk"), timeout=ATTEMPT_SECONDS)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, headers=named)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()

    def apply(self, *files: Path) -> None:
        """Changes the policies of the running mesh; every sidecar has taken the change up when it returns."""
        policies = load(POLICIES)
        for file in files:
            policies = policies.changed_by(load(file))
        for name, documents in render(policies, self.site).items():
            sidecars.update(Path(self.site.folder) / name, documents, self.workload(name).statistics)

    def counter(self, name: str, pattern: str) -> int:
        """The sum of a sidecar's statistics whose name ends so."""
        admin = self.workload(name).admin
        url = f"http://{admin.host}:{admin.port}/stats?format=json&filter={pattern}$"
        return sum(entry.get("value", 0) for entry in requests.get(url, timeout=5).json()["stats"])


def ask(channel: grpc.Channel, method: str = TAKE, **headers: str) -> str:
    """One call; the name of the program that answered. Raises RpcError."""
    metadata = [(name.replace("_", "-"), value) for name, value in headers.items()]
    answer: bytes = channel.unary_unary(method)(b"", metadata=metadata, timeout=ATTEMPT_SECONDS)
    return answer.decode()


def _workload(
    name: str, service: str, protocol: Protocol, calls: tuple[str, ...] = (), version: str = "v1"
) -> Workload:
    admin, metrics, app, inbound = (Address(HOST, free_port()) for _ in range(4))
    listeners = {host: Address(HOST, free_port()) for host in calls}
    labels = {NAME_LABEL: service, VERSION_LABEL: version}
    return Workload(
        name, service, service, protocol, admin, metrics, app, inbound, calls=listeners, labels=labels
    )


def small_site(folder: Path) -> Site:
    """The site, on free ports."""
    return Site(
        workloads=(
            _workload("shop", "shop", Protocol.HTTP, ("shelf", "desk")),
            _workload("thief", "thief", Protocol.HTTP, ("shelf",)),
            _workload("shelf", "shelf", Protocol.GRPC),
            _workload("shelf-v2", "shelf", Protocol.GRPC, version="v2"),
            _workload("desk", "desk", Protocol.HTTP),
        ),
        folder=str(folder / "sidecars"),
        certificates=str(folder / "certificates"),
        clients=("door",),
    )


@contextlib.contextmanager
def running_mesh(site: Site, folder: Path, *, deserted: bool = False) -> Iterator[SmallMesh]:
    """Runs programs, unless it is to be deserted, and sidecars until the end of the `with` block."""
    mesh = SmallMesh(site, folder, {workload.name: [] for workload in site.workloads})
    identities = {name: site.identity(name) for name in site.accounts}
    certificates.renew(Path(site.certificates), identities, GIVEN)
    with contextlib.ExitStack() as stack:
        for workload in () if deserted else site.workloads:
            if workload.service == "shelf":
                stack.enter_context(_shelf(mesh, workload))
            if workload.service == "desk":
                stack.enter_context(_desk(mesh, workload))
        for name, documents in render(load(POLICIES), site).items():
            stack.enter_context(running_sidecar(site, mesh.workload(name), documents))
        yield mesh


@contextlib.contextmanager
def running_sidecar(site: Site, workload: Workload, documents: dict[str, Any]) -> Iterator[Path]:
    """Runs one sidecar; gives its log."""
    folder = Path(site.folder) / workload.name
    sidecars.write(folder, documents)
    admin = f"http://{workload.admin.host}:{workload.admin.port}/ready"
    server = Server(
        command=sidecars.command(binaries.envoy(), folder, flush_milliseconds=50),
        folder=folder,
        is_ready=lambda: answers(admin),
        stop_signal=signal.SIGTERM,
        identity={},
    )
    with running(server):
        yield folder / "server.log"


def sidecar(mesh: SmallMesh, name: str) -> psutil.Process:
    """The process of one."""
    file = str(Path(mesh.site.folder) / name / "envoy.yaml")
    return next(one for one in psutil.process_iter(["cmdline"]) if file in (one.info["cmdline"] or []))


def instances(process: psutil.Process) -> int:
    """How many inotify instances a process has; on Linux."""
    files = Path(f"/proc/{process.pid}/fd").iterdir()
    return sum(str(file.readlink()) == "anon_inode:inotify" for file in files)


def answers(url: str) -> bool:
    """Whether a page is there."""
    try:
        return requests.get(url, timeout=2).status_code == 200
    except requests.ConnectionError:
        return False


def shelf_server(mesh: SmallMesh, workload: Workload) -> grpc.Server:
    """The program behind a shelf's sidecar; several may share its port."""
    assert workload.app is not None

    def answer(request: bytes, context: grpc.ServicerContext) -> bytes:
        mesh.received[workload.name].append(dict(context.invocation_metadata()))
        return workload.name.encode()

    class Anything(grpc.GenericRpcHandler):
        def service(self, details: grpc.HandlerCallDetails) -> Any:
            return grpc.unary_unary_rpc_method_handler(answer)

    server = grpc.server(ThreadPoolExecutor(8), handlers=(Anything(),), options=[("grpc.so_reuseport", 1)])
    server.add_insecure_port(f"{HOST}:{workload.app.port}")
    return server


@contextlib.contextmanager
def _shelf(mesh: SmallMesh, workload: Workload) -> Iterator[None]:
    mesh.programs[workload.name] = shelf_server(mesh, workload)
    mesh.programs[workload.name].start()
    try:
        yield
    finally:
        mesh.programs[workload.name].stop(0).wait()


@contextlib.contextmanager
def _desk(mesh: SmallMesh, workload: Workload) -> Iterator[None]:
    assert workload.app is not None

    class Desk(BaseHTTPRequestHandler):
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
            """Says nothing."""

    server = ThreadingHTTPServer((HOST, workload.app.port), Desk)
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
def under_load(call: Callable[[], object]) -> Iterator[Mapping[str, int]]:
    """Makes the call again and again from two threads; gives what came of it: `ok`, or the error, and how often.

    The caller sees the numbers grow; at the end of the `with` block the last calls are finished.
    """
    outcomes: dict[str, int] = {"ok": 0}
    over = threading.Event()

    def go_on() -> None:
        while not over.is_set():
            try:
                call()
                outcome = "ok"
            except (grpc.RpcError, AppError, OSError) as error:
                outcome = str(error)
            outcomes[outcome] = outcomes.get(outcome, 0) + 1

    threads = [threading.Thread(target=go_on) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield outcomes
    finally:
        over.set()
        for thread in threads:
            thread.join()


def has_gone_on(outcomes: Mapping[str, int]) -> None:
    """Waits for more calls that went well."""
    enough = outcomes["ok"] + 50
    assert wait_until(lambda: outcomes["ok"] > enough)
