"""The mesh's platform in laptop mode, and reports about its configuration. All addresses are on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from laptop import LaptopError
from laptop.ports import HOST, Ports
from mesh.errors import MeshError
from mesh.platform import Address, Platform, Workload
from mesh.renderer import report
from mesh.workloads import BANK_HOST, GATEWAY, host, labels, workloads
from topology import BANK, Service

_SHOWN_FOLDER = Path(".market/run/mesh")  # only shown; the reports write no file


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


def show(port: int, sidecar: str, verbose: bool) -> None:
    """Print a line for each sidecar; or the configuration of one, or of all if ``verbose``.

    Raises `LaptopError`, with one line per problem, if the policies are invalid or there is no such sidecar.
    """
    platform = _platform(port)
    _print(report.configuration(platform, sidecar) if sidecar or verbose else report.sidecars(platform))


def show_difference(port: int, file: Path) -> None:
    """Print what applying the resources of a file would change.

    Raises `LaptopError`, with one line per problem, if the policies or the file are invalid.
    """
    _print(report.difference(_platform(port), file))


def show_matrix(port: int) -> None:
    """Print which calls the policies allow.

    Raises `LaptopError`, with one line per problem, if the policies are invalid.
    """
    _print(report.matrix(_platform(port)))


def _platform(port: int) -> Platform:
    return laptop_platform(Ports(port), _SHOWN_FOLDER)


def _print(lines: Iterator[str]) -> None:
    try:
        for line in lines:
            print(line)
    except MeshError as error:
        raise LaptopError(str(error), exit_code=2) from None
