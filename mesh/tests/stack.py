"""The whole stack's platform on free ports of loopback, and the stack's own policies."""

from __future__ import annotations

from pathlib import Path

from laptop.ephemeral import free_port
from mesh.platform import Address, Platform, Workload
from mesh.renderer.policies import FOLDER
from mesh.workloads import BANK_HOST, GATEWAY, host, labels, workloads
from topology import Service

HOST = "127.0.0.1"
LABS = sorted((FOLDER.parent / "labs").glob("*.yaml"))


def stack_platform(folder: Path) -> Platform:
    """Return a platform with every workload of the stack. No program and no sidecar is running."""
    return Platform(
        workloads=workloads(_workload),
        folder=str(folder / "sidecars"),
        certificates=str(folder / "certificates"),
        externals={BANK_HOST: _address()},
        clients=(GATEWAY,),
    )


def _workload(service: Service, name: str) -> Workload:
    return Workload(
        name=name,
        service=service.name,
        account=service.name,
        protocol=service.protocol,
        admin=_address(),
        metrics=_address(),
        app=_address(),
        inbound=_address(),
        calls={host(callee): _address() for callee in service.calls},
        labels=labels(service, name),
    )


def _address() -> Address:
    return Address(HOST, free_port())
