"""What a site may be: workloads that nobody calls, several instances, addresses that do not collide."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mesh.errors import MeshError
from mesh.render import Files, render
from mesh.site import Address, Protocol, Site, Workload
from mesh.tests import cases


def with_workloads(*others: Workload) -> Site:
    """The site of the cases, and more."""
    site = cases.site()
    return replace(site, workloads=(*site.workloads, *others))


def names(files: Files, file: str) -> list[str]:
    """What a file is about."""
    return [resource["name"] for resource in files[file]["resources"]]


LISTENER = Workload(
    "ear", "ear", "ear", Protocol.NONE, Address("127.0.0.1", 7001), Address("127.0.0.1", 7002)
)


def test_who_is_not_called_lets_nobody_in_and_may_call() -> None:
    ear = replace(LISTENER, calls={"desk": Address("127.0.0.1", 7003)})
    files = render(cases.policies(), with_workloads(ear))["ear"]
    assert (names(files, "listeners.yaml"), names(files, "clusters.yaml")) == (["desk"], ["desk"])


def test_who_is_not_called_cannot_be() -> None:
    caller = replace(LISTENER, name="mouth", calls={"ear": Address("127.0.0.1", 7003)})
    with pytest.raises(MeshError, match="the site: mouth calls ear, which is no host"):
        render(cases.policies(), with_workloads(LISTENER, caller))


def test_two_things_at_one_address_are_refused() -> None:
    deaf = replace(LISTENER, metrics=LISTENER.admin)
    with pytest.raises(MeshError, match="the site: two things of ear have one address"):
        render(cases.policies(), with_workloads(deaf))


def test_an_account_of_several_workloads_gets_one_certificate() -> None:
    assert cases.site().accounts == ("shop", "shelf", "desk", "gateway")
