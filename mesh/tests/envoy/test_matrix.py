"""The complete matrix of the stack's policies: every caller, every callee, every method, allowed and denied."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest

from laptop.ephemeral import temporary_folder
from mesh.agent.certificates import renew
from mesh.platform import Platform
from mesh.renderer import render
from mesh.renderer.matrix import permissions
from mesh.renderer.policies import load_with
from mesh.renderer.validation import validate
from mesh.tests.client_envoy import CALLEE, CALLER, running_client
from mesh.tests.contracts import HEALTH_CHECK, methods
from mesh.tests.small_mesh import running_sidecar
from mesh.tests.stack import stack_platform
from topology import Protocol

PAGES = (
    ("GET", "/.well-known/jwks.json"),
    ("POST", "/api/v1/sessions"),
    ("POST", "/api/v1/accounts"),
    ("GET", "/"),
)
WEB_SERVICES = ("accounts", "storefront")


@dataclass(frozen=True)
class Sidecars:
    """All sidecars of the stack, without a program behind them. A call that is allowed fails with UNAVAILABLE."""

    platform: Platform
    client: str

    def allow(self, caller: str, callee: str, method: str, path: str) -> bool:
        """Return whether a call is allowed."""
        headers = {CALLER: caller, CALLEE: callee}
        if self.platform.instances(callee)[0].protocol is Protocol.HTTP:
            connection = http.client.HTTPConnection(self.client, timeout=10)
            connection.request(method, path, headers=headers)
            status: object = connection.getresponse().status
            connection.close()
        else:
            status = self._grpc_status(path, headers)
        assert status in (403, 503, grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAVAILABLE)
        return status in (503, grpc.StatusCode.UNAVAILABLE)

    def _grpc_status(self, path: str, headers: dict[str, str]) -> object:
        with grpc.insecure_channel(self.client) as channel, pytest.raises(grpc.RpcError) as caught:
            channel.unary_unary(path)(b"", metadata=tuple(headers.items()), timeout=10)
        return caught.value.code()


@pytest.fixture(scope="module")
def sidecars() -> Iterator[Sidecars]:
    with temporary_folder("market-mesh-") as folder, ExitStack() as stack:
        platform = stack_platform(folder)
        renew(Path(platform.certificates), platform.identities)
        for name, files in render(load_with(), platform).items():
            stack.enter_context(running_sidecar(platform, platform.workload(name), files))
        client = stack.enter_context(running_client(platform, platform.accounts, watches=False))
        yield Sidecars(platform, client)


def grpc_calls() -> Iterator[tuple[str, str, str]]:
    """Yield every method of the contracts as an HTTP method, the service that owns it, and a path."""
    for name, found in methods().items():
        owner = name.split(".")[1]
        yield from (("POST", owner, f"/{name}/{method}") for method in found)
        yield "POST", owner, HEALTH_CHECK


CALLS = sorted(set(grpc_calls())) + [
    (method, service, path) for service in WEB_SERVICES for method, path in PAGES
]


def test_exactly_the_calls_of_the_policies_are_allowed(sidecars: Sidecars) -> None:
    found = permissions(validate(load_with(), sidecars.platform))
    wrong = {
        (caller, callee, method, path)
        for caller in sidecars.platform.accounts
        for method, callee, path in CALLS
        if sidecars.allow(caller, callee, method, path)
        != any(
            (p.caller, p.callee) == (caller, callee)
            and p.path in ("*", path)
            and (method in p.methods or p.methods == ("*",))
            for p in found
        )
    }
    assert len(CALLS) > 30
    assert wrong == set()
