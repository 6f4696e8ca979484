"""The mesh of laptop mode: a sidecar beside each service, where MESH=1 asks for it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from laptop import wheels
from laptop.environment import Market
from laptop.errors import LaptopError
from laptop.ports import HOST
from mesh import certificates, render, sidecars
from mesh.changes import changes_in
from mesh.errors import MeshError
from mesh.inotify import TooFewInstances, check_enough
from mesh.laptop import laptop_site
from mesh.market import BANK_HOST, GATEWAY
from mesh.policies import load_with
from mesh.render import Files, client_files
from mesh.site import Address, Site
from mesh.watches import watches
from topology import BANK

RENEWAL = "certificates"
_ENDING = "-sidecar"


def site(market: Market) -> Site:
    """Where the sidecars of this market are."""
    return laptop_site(market.ports, market.home.mesh)


def _site_as_seen_by(market: Market, caller: str) -> Site:
    """The same, but where a service's sidecar is led by the market's detours."""
    here = site(market)
    reached = {
        workload.name: replace(workload, reached_at=Address(HOST, market.way(workload.name, caller)))
        for workload in here.workloads
        if (caller, workload.name) in market.detours
    }
    bank = {BANK_HOST: Address(HOST, market.way(BANK, caller))}
    return replace(
        here, workloads=tuple(reached.get(one.name, one) for one in here.workloads), externals=bank
    )


def _is_led(market: Market, caller: str) -> bool:
    return any(other == caller for other, _ in market.detours)


def program_name(workload: str) -> str:
    """What a sidecar is called among the market's programs."""
    return f"{workload}{_ENDING}"


def service_beside(program: str) -> str:
    """The service, or the second version of one, that a program is the sidecar of; "" where it is none."""
    return program.removesuffix(_ENDING) if program.endswith(_ENDING) else ""


def applied(market: Market) -> list[Path]:
    """The files that were applied to the project's policies."""
    return changes_in(market.home.mesh_changes)


def rendered(market: Market, changes: Iterable[Path]) -> dict[str, Files]:
    """The files of each sidecar, with these changes to the project's policies.

    Raises `LaptopError` with a line for each thing that the policies get wrong.
    """
    try:
        policies, here = load_with(changes), site(market)
        led = {
            workload.name: workload.service
            for workload in here.workloads
            if _is_led(market, workload.service)
        }
        return render.render(policies, here) | {
            name: render.render(policies, _site_as_seen_by(market, caller))[name]
            for name, caller in led.items()
        }
    except MeshError as error:
        raise LaptopError(str(error), exit_code=2) from None


def watched(market: Market, gateway: Any) -> int:
    """How much all Envoys of the market watch, the gateway with its configuration included."""
    here = site(market)
    envoys: list[Any] = [*rendered(market, applied(market)).values(), [gateway, client_files(here, GATEWAY)]]
    return sum(len(watches(envoy)) for envoy in envoys)


def check_enough_to_watch(market: Market, gateway: Any) -> None:
    """Raise `LaptopError` where the system does not let this account watch as much more."""
    try:
        check_enough(watched(market, gateway))
    except TooFewInstances as error:
        raise LaptopError(str(error), exit_code=2) from None


def write_files(market: Market) -> None:
    """Write what the sidecars and the gateway are started with, certificates included."""
    here = site(market)
    certificates.renew(Path(here.certificates), identities(here))
    for name, files in rendered(market, applied(market)).items():
        sidecars.write(Path(here.folder) / name, files)
    sidecars.write(Path(here.folder) / GATEWAY, client_files(here, GATEWAY))


def write_anew(market: Market, workload: str) -> None:
    """Write the files of one sidecar, running or not, with the policies as they are now.

    Raises `LaptopError` with a line for each thing that the policies get wrong.
    """
    here = site(market)
    files = rendered(market, applied(market))[workload]
    statistics = next(one.statistics for one in here.workloads if one.name == workload)
    try:
        sidecars.put(Path(here.folder) / workload, files, statistics)
    except MeshError as error:
        raise LaptopError(str(error)) from None


def identities(here: Site) -> Mapping[str, str]:
    """The SPIFFE identity of each account."""
    return {account: here.identity(account) for account in here.accounts}


def secure(market: Market, clusters: Iterable[dict[str, Any]]) -> None:
    """Have the gateway speak mutual TLS to those of its clusters whose service has a sidecar."""
    render.secure(site(market), GATEWAY, clusters)


def commands(market: Market) -> dict[str, list[str]]:
    """The command line of each sidecar, and of who renews their certificates, by the program's name."""
    here = site(market)
    named = [f"{account}={identity}" for account, identity in identities(here).items()]
    return {RENEWAL: [sys.executable, "-m", "mesh.renewing", here.certificates, *named]} | {
        program_name(workload.name): sidecars.command(wheels.envoy(), Path(here.folder) / workload.name)
        for workload in here.workloads
    }
