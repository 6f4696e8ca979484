"""Keeps the sidecars of a market in containers, in a container of its own, whose volume they read.

`keep` writes their files, gives certificates and renews them until it is stopped; `apply` and `remove` change the
policies meanwhile.
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

import yaml

from mesh import certificates, renewing, sidecars
from mesh.changes import RunningMesh, changes_in
from mesh.containers import containers_site, gateway_configuration
from mesh.errors import MeshError, NotTakenUp
from mesh.inotify import check_enough
from mesh.market import GATEWAY
from mesh.policies import ROOT, load_with
from mesh.render import BOOTSTRAP, Files, client_files, render
from mesh.site import Site
from mesh.watches import watches

FOLDER = Path("/mesh")
SITE = containers_site(FOLDER)
_APPLIED = FOLDER / "applied"
_READY = Path("/tmp/ready")  # noqa: S108 - a file system that is the container's own


def main(arguments: Sequence[str]) -> int:
    """Runs one command. Gives 0; 1 where something cannot be done, 2 where the policies make no sense."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except (MeshError, OSError) as error:
        print(error, file=sys.stderr)
        return 1 if isinstance(error, NotTakenUp | OSError) else 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m mesh.keeper", description=__doc__)
    commands = parser.add_subparsers(required=True)
    commands.add_parser("keep", help="until SIGTERM or SIGINT").set_defaults(run=_keep)
    apply = commands.add_parser("apply", help="apply resources, which are read from standard input")
    apply.add_argument("name", help="by which to take them back, such as bank-is-slow.yaml")
    apply.set_defaults(run=_apply)
    remove = commands.add_parser("remove", help="take back what was applied")
    remove.add_argument("name", nargs="?", default="", help="only this")
    remove.set_defaults(run=_remove)
    return parser


def _keep(_options: argparse.Namespace) -> int:
    check_room(SITE)
    identities = {account: SITE.identity(account) for account in SITE.accounts}
    certificates.renew(Path(SITE.certificates), identities)
    _put(SITE)
    _READY.touch()
    return renewing.main(
        [SITE.certificates, *(f"{name}={identity}" for name, identity in identities.items())]
    )


def check_room(site: Site) -> None:
    """Raise `TooFewInstances` where the sidecars could not start. Those that run have what they need."""
    if not any(sidecars.answers(workload.statistics) for workload in site.workloads):
        check_enough(watched())


def watched() -> int:
    """How much all Envoys of the market watch, the gateway included: they are of one account, and the keeper too."""
    gateway = [_gateway(SITE)] + [
        yaml.safe_load(file.read_text(encoding="utf-8"))
        for file in (ROOT / "gateway").glob("*.yaml")
        if file.name != BOOTSTRAP
    ]
    envoys: list[Any] = [*_rendered(changes_in(_APPLIED)).values(), gateway]
    return sum(len(watches(envoy)) for envoy in envoys)


def _gateway(site: Site) -> Files:
    configuration = yaml.safe_load((ROOT / "gateway" / BOOTSTRAP).read_text(encoding="utf-8"))
    return {BOOTSTRAP: gateway_configuration(site, configuration), **client_files(site, GATEWAY)}


def _put(site: Site) -> None:
    """Writes the files of all sidecars and of the gateway. Those that run take them up, and lose no request."""
    folder = Path(site.folder)
    files = _rendered(changes_in(_APPLIED))
    sidecars.write(folder / GATEWAY, _gateway(site))
    with ThreadPoolExecutor(len(files)) as hands:
        list(
            hands.map(
                lambda one: sidecars.put(folder / one.name, files[one.name], one.statistics), site.workloads
            )
        )


def _apply(options: argparse.Namespace) -> int:
    # From inside the folder, so that whoever reads of a mistake sees the file's name and no place that is not theirs.
    with TemporaryDirectory() as folder, contextlib.chdir(folder):
        file = Path(Path(options.name).name)
        file.write_bytes(sys.stdin.buffer.read())
        return _change(lambda mesh: mesh.apply(file))


def _remove(options: argparse.Namespace) -> int:
    return _change(lambda mesh: mesh.remove(options.name))


def _change(work: Callable[[RunningMesh], str]) -> int:
    folder = os.open(FOLDER, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)  # one at a time
        print(work(RunningMesh(SITE, _APPLIED, _rendered)))
    finally:
        os.close(folder)
    return 0


def _rendered(changes: Iterable[Path]) -> dict[str, Files]:
    return render(load_with(changes), SITE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
