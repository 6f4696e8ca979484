"""The whole matrix of the market's own policies: every caller, every callee, every method, allowed and denied."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from laptop.ephemeral import free_port_block, temporary_folder
from laptop.gateway import FILES
from laptop.ports import Ports
from mesh.certificates import renew
from mesh.checks import checked
from mesh.laptop import laptop_site
from mesh.matrix import permissions
from mesh.policies import load_with
from mesh.render import render
from mesh.site import Protocol, Site
from mesh.tests.front_door import AS, TO, running_door
from mesh.tests.small_mesh import running_sidecar

PAGES = (
    ("GET", "/.well-known/jwks.json"),
    ("POST", "/api/v1/sessions"),
    ("POST", "/api/v1/accounts"),
    ("GET", "/"),
)
WEB = {"accounts": PAGES, "storefront": PAGES}


@dataclass(frozen=True)
class Market:
    """Every sidecar of the market runs, and no program behind it: who is let in learns that nobody is there."""

    site: Site
    door: str

    def lets_in(self, caller: str, callee: str, method: str, path: str) -> bool:
        """Whether a call reaches the program."""
        headers = {AS: caller, TO: callee}
        if self.site.instances(callee)[0].protocol is Protocol.HTTP:
            connection = http.client.HTTPConnection(self.door, timeout=10)
            connection.request(method, path, headers=headers)
            status: object = connection.getresponse().status
            connection.close()
        else:
            status = self._status(path, headers)
        assert status in (403, 503, grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAVAILABLE)
        return status in (503, grpc.StatusCode.UNAVAILABLE)

    def _status(self, path: str, headers: dict[str, str]) -> object:
        with grpc.insecure_channel(self.door) as channel, pytest.raises(grpc.RpcError) as caught:
            channel.unary_unary(path)(b"", metadata=tuple(headers.items()), timeout=10)
        return caught.value.code()


@pytest.fixture(scope="module")
def market() -> Iterator[Market]:
    with temporary_folder("market-mesh-") as folder, ExitStack() as stack:
        site = laptop_site(Ports(free_port_block()), folder)
        renew(Path(site.certificates), {account: site.identity(account) for account in site.accounts})
        for name, files in render(load_with(), site).items():
            workload = next(workload for workload in site.workloads if workload.name == name)
            stack.enter_context(running_sidecar(site, workload, files))
        yield Market(site, stack.enter_context(running_door(site, site.accounts, watching=False)))


def methods() -> Iterator[tuple[str, str]]:
    """Every method of the contracts, by the service of the market that has it."""
    for file in FileDescriptorSet.FromString(FILES["descriptors.pb"].read_bytes()).file:
        for service in file.service:
            owner = file.package.split(".")[1]
            yield from ((owner, f"/{file.package}.{service.name}/{method.name}") for method in service.method)
            yield owner, "/grpc.health.v1.Health/Check"


CALLS = sorted({("POST", owner, path) for owner, path in methods()}) + [
    (method, owner, path) for owner, pages in WEB.items() for method, path in pages
]


def test_exactly_who_may_is_let_in(market: Market) -> None:
    found = permissions(checked(load_with(), market.site))
    wrong = {
        (caller, callee, method, path)
        for caller in market.site.accounts
        for method, callee, path in CALLS
        if market.lets_in(caller, callee, method, path)
        != any(
            (p.caller, p.callee) == (caller, callee)
            and p.path in ("*", path)
            and (method in p.methods or p.methods == ("*",))
            for p in found
        )
    }
    assert len(CALLS) > 30
    assert wrong == set()
