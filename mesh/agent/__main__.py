"""The mesh agent of the stack in containers: python -m mesh.agent run | apply NAME | remove [NAME]

The agent has a container of its own, and sidecars read the volume that it writes. `run` writes their configuration and
certificates, and rotates the certificates until it is stopped. `apply` and `remove` change the policies at the same
time.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mesh.agent import certificates, rotation
from mesh.agent.changes import RunningMesh, applied_files
from mesh.agent.containers import container_platform, gateway_config
from mesh.agent.inotify import check_available, watched_sources
from mesh.errors import ConfigRejected, MeshError
from mesh.platform import Platform
from mesh.renderer import BOOTSTRAP, Files, client_files, render
from mesh.renderer.documents import from_yaml
from mesh.renderer.policies import ROOT, load_with
from mesh.sidecar.files import write, write_or_update
from mesh.sidecar.status import is_running
from mesh.workloads import GATEWAY

FOLDER = Path("/mesh")
PLATFORM = container_platform(FOLDER)
_APPLIED = FOLDER / "applied"
_READY = Path("/tmp/ready")  # noqa: S108 - on a file system that belongs to the container


def main(arguments: Sequence[str]) -> int:
    """Run one command. Returns 0, or 2 if the policies are invalid, or 1 if the command fails for another reason."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except (MeshError, OSError) as error:
        print(error, file=sys.stderr)
        return 1 if isinstance(error, ConfigRejected | OSError) else 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m mesh.agent", description=__doc__)
    commands = parser.add_subparsers(required=True)
    commands.add_parser("run", help="run until SIGTERM or SIGINT").set_defaults(command=_run)
    apply = commands.add_parser("apply", help="apply resources that are read from standard input")
    apply.add_argument("name", help="a file name for `remove`, such as bank-is-slow.yaml")
    apply.set_defaults(command=_apply)
    remove = commands.add_parser("remove", help="undo what was applied")
    remove.add_argument("name", nargs="?", default="", help="only this file")
    remove.set_defaults(command=_remove)
    return parser


def _run(_options: argparse.Namespace) -> int:
    check_inotify(PLATFORM)
    identities = PLATFORM.identities
    certificates.renew(Path(PLATFORM.certificates), identities)
    _write_files(PLATFORM)
    _READY.touch()
    return rotation.main(
        [PLATFORM.certificates, *(f"{account}={identity}" for account, identity in identities.items())]
    )


def check_inotify(platform: Platform) -> None:
    """Raise `TooFewInstances` if the sidecars could not start. Does nothing if one is running: they have started."""
    if not any(is_running(workload.status_address) for workload in platform.workloads):
        check_available(inotify_instances())


def inotify_instances() -> int:
    """Return the number of inotify instances that all Envoys of the stack take, including the gateway.

    They run under the same account as the agent, so the agent can check whether that many are available.
    """
    gateway = [_gateway_files(PLATFORM)] + [
        from_yaml(file.read_text(encoding="utf-8"))
        for file in (ROOT / "gateway").glob("*.yaml")
        if file.name != BOOTSTRAP
    ]
    envoys: list[Any] = [*_render(applied_files(_APPLIED)).values(), gateway]
    return sum(len(watched_sources(envoy)) for envoy in envoys)


def _gateway_files(platform: Platform) -> Files:
    config = from_yaml((ROOT / "gateway" / BOOTSTRAP).read_text(encoding="utf-8"))
    return {BOOTSTRAP: gateway_config(platform, config), **client_files(platform, GATEWAY)}


def _write_files(platform: Platform) -> None:
    """Write the files of the gateway and of all sidecars. If a sidecar is running, it loses no request."""
    folder = Path(platform.folder)
    files = _render(applied_files(_APPLIED))
    write(folder / GATEWAY, _gateway_files(platform))
    with ThreadPoolExecutor(len(files)) as executor:
        writes = executor.map(
            lambda one: write_or_update(folder / one.name, files[one.name], one.status_address),
            platform.workloads,
        )
        list(writes)  # raises the first error


def _apply(options: argparse.Namespace) -> int:
    # Inside the folder, so that error messages contain the file's name without a path that only exists here.
    with TemporaryDirectory() as folder, contextlib.chdir(folder):
        file = Path(Path(options.name).name)
        file.write_bytes(sys.stdin.buffer.read())
        return _change(lambda mesh: mesh.apply(file))


def _remove(options: argparse.Namespace) -> int:
    return _change(lambda mesh: mesh.remove(options.name))


def _change(change: Callable[[RunningMesh], str]) -> int:
    folder = os.open(FOLDER, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)  # one change at a time
        print(change(RunningMesh(PLATFORM, _APPLIED, _render)))
    finally:
        os.close(folder)
    return 0


def _render(changes: Iterable[Path]) -> dict[str, Files]:
    return render(load_with(changes), PLATFORM)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
