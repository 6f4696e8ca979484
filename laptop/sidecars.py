"""The mesh of laptop mode: a sidecar beside each service if the stack starts with MESH=1."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from laptop import LaptopError, binaries
from laptop.ports import HOST, Ports
from laptop.stack import Stack
from mesh import renderer
from mesh.agent import certificates
from mesh.agent.changes import RunningMesh, applied_files
from mesh.agent.inotify import TooFewInstances, check_available, watched_sources
from mesh.errors import ConfigRejected, MeshError
from mesh.platform import Address, Platform, Workload
from mesh.renderer import Files, client_files
from mesh.renderer.policies import load_with
from mesh.sidecar.command import command
from mesh.sidecar.files import write, write_or_update
from mesh.workloads import BANK_HOST, GATEWAY, host, labels, workloads
from topology import BANK, Service

ROTATION = "certificates"  # the process that rotates the sidecars' certificates
_SUFFIX = "-sidecar"


def process_name(workload: str) -> str:
    """Return the name of the process that is the sidecar of a workload."""
    return f"{workload}{_SUFFIX}"


def service_beside(process: str) -> str:
    """Return the workload that a process is the sidecar of, or "" if it is not a sidecar."""
    return process.removesuffix(_SUFFIX) if process.endswith(_SUFFIX) else ""


def laptop_platform(ports: Ports, folder: Path) -> Platform:
    """Return the platform of the stack at these ports, with the sidecars' files in ``folder``."""
    return Platform(
        workloads=workloads(partial(_workload, ports)),
        folder=str(folder / "sidecars"),
        certificates=str(folder / "certificates"),
        externals={BANK_HOST: Address(HOST, ports.service(BANK))},
        clients=(GATEWAY,),
    )


def _workload(ports: Ports, service: Service, name: str) -> Workload:
    return Workload(
        name=name,
        service=service.name,
        account=service.name,
        protocol=service.protocol,
        admin=Address(HOST, ports.sidecar_admin(name)),
        metrics=Address(HOST, ports.sidecar_metrics(name)),
        app=Address(HOST, ports.service(name)),
        inbound=Address(HOST, ports.inbound(name)),
        calls={host(other): Address(HOST, ports.outbound(service.name, other)) for other in service.calls},
        labels=labels(service, name),
    )


def platform(stack: Stack) -> Platform:
    """Return the addresses and files of this stack's sidecars."""
    return laptop_platform(stack.ports, stack.state_dir.mesh)


def _platform_with_overrides(stack: Stack, caller: str) -> Platform:
    """Return the same, with the addresses that are overridden for the sidecar of ``caller``."""
    here = platform(stack)
    overridden = {
        workload.name: replace(workload, advertised=Address(HOST, stack.target_port(workload.name, caller)))
        for workload in here.workloads
        if (caller, workload.name) in stack.address_overrides
    }
    bank = {BANK_HOST: Address(HOST, stack.target_port(BANK, caller))}
    return replace(
        here, workloads=tuple(overridden.get(one.name, one) for one in here.workloads), externals=bank
    )


def applied_changes(stack: Stack) -> list[Path]:
    """Return the files that were applied to the policies, in the order in which they were applied."""
    return applied_files(stack.state_dir.mesh_changes)


def rendered(stack: Stack, changes: Iterable[Path]) -> dict[str, Files]:
    """Return the files of each sidecar, from the policies with these changes.

    Raises `LaptopError`, with one line per problem, if the policies are invalid.
    """
    callers = {caller for caller, _ in stack.address_overrides}
    try:
        policies, here = load_with(changes), platform(stack)
        files = renderer.render(policies, here)
        for workload in here.workloads:
            if workload.service in callers:
                own = _platform_with_overrides(stack, workload.service)
                files[workload.name] = renderer.render(policies, own)[workload.name]
        return files
    except MeshError as error:
        raise LaptopError(str(error), exit_code=2) from None


def watched(stack: Stack, gateway: Any) -> int:
    """Return how many files all Envoys of the stack watch. ``gateway`` is the gateway's configuration."""
    here = platform(stack)
    envoys: list[Any] = [
        *rendered(stack, applied_changes(stack)).values(),
        [gateway, client_files(here, GATEWAY)],
    ]
    return sum(len(watched_sources(envoy)) for envoy in envoys)


def check_enough_to_watch(stack: Stack, gateway: Any) -> None:
    """Raise `LaptopError` if the system does not let this user watch that many more files."""
    try:
        check_available(watched(stack, gateway))
    except TooFewInstances as error:
        raise LaptopError(str(error), exit_code=2) from None


def write_files(stack: Stack) -> None:
    """Write the files that the sidecars and the gateway start with, certificates included."""
    here = platform(stack)
    certificates.renew(Path(here.certificates), here.identities)
    for name, files in rendered(stack, applied_changes(stack)).items():
        write(Path(here.folder) / name, files)
    write(Path(here.folder) / GATEWAY, client_files(here, GATEWAY))


def rewrite(stack: Stack, workload: str) -> None:
    """Write the files of one sidecar, which may be running, from the current policies.

    Raises `LaptopError`, with one line per problem, if the policies are invalid.
    """
    here = platform(stack)
    files = rendered(stack, applied_changes(stack))[workload]
    try:
        write_or_update(Path(here.folder) / workload, files, here.workload(workload).status_address)
    except MeshError as error:
        raise LaptopError(str(error)) from None


def secure(stack: Stack, clusters: Iterable[dict[str, Any]]) -> None:
    """Configure mutual TLS in those of the gateway's clusters whose service has a sidecar."""
    renderer.add_mutual_tls(platform(stack), GATEWAY, clusters)


def commands(stack: Stack) -> dict[str, list[str]]:
    """Return the command lines of the sidecars and of the certificate rotation, by process name."""
    here = platform(stack)
    named = [f"{account}={identity}" for account, identity in here.identities.items()]
    return {ROTATION: [sys.executable, "-m", "mesh.agent.rotation", here.certificates, *named]} | {
        process_name(workload.name): command(binaries.envoy(), Path(here.folder) / workload.name)
        for workload in here.workloads
    }


@contextmanager
def running_mesh(stack: Stack) -> Iterator[RunningMesh]:
    """Give the mesh of a running stack, to change its policies. Its errors become a `LaptopError`."""
    changes = stack.state_dir.mesh_changes
    try:
        yield RunningMesh(platform(stack), changes, partial(rendered, stack))
    except ConfigRejected as error:
        raise LaptopError(str(error)) from None
    except MeshError as error:
        raise LaptopError(str(error), exit_code=2) from None
