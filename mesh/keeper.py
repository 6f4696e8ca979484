"""Keeps the sidecars of a market in containers: writes their files, gives certificates and renews them until it is
stopped. `python -m mesh.keeper`, in a container of its own, whose volume the sidecars read.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

from mesh import certificates, renewing, sidecars
from mesh.containers import containers_site, gateway_configuration
from mesh.errors import MeshError
from mesh.market import GATEWAY
from mesh.policies import ROOT, load_with
from mesh.render import BOOTSTRAP, client_files, render
from mesh.site import Site

_READY = Path("/tmp/ready")  # noqa: S108 - a file system that is the container's own


def main(arguments: Sequence[str]) -> int:
    """Runs until SIGTERM or SIGINT. Gives 0; 1 where it cannot write, 2 where the policies make no sense."""
    parser = argparse.ArgumentParser(prog="python -m mesh.keeper", description=__doc__)
    parser.add_argument(
        "--folder", type=Path, default=Path("/mesh"), help="where all files are; default: /mesh"
    )
    site = containers_site(parser.parse_args(arguments).folder)
    identities = {account: site.identity(account) for account in site.accounts}
    try:
        certificates.renew(Path(site.certificates), identities)
        put(site)
        _READY.touch()
    except (MeshError, OSError) as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, MeshError) else 1
    return renewing.main(
        [site.certificates, *(f"{name}={identity}" for name, identity in identities.items())]
    )


def put(site: Site) -> None:
    """Writes the files of all sidecars and of the gateway. Those that run take them up, and lose no request."""
    folder = Path(site.folder)
    configuration = yaml.safe_load((ROOT / "gateway" / BOOTSTRAP).read_text(encoding="utf-8"))
    gateway = {BOOTSTRAP: gateway_configuration(site, configuration), **client_files(site, GATEWAY)}
    files = render(load_with(), site)
    sidecars.write(folder / GATEWAY, gateway)
    with ThreadPoolExecutor(len(files)) as hands:
        list(
            hands.map(
                lambda one: sidecars.put(folder / one.name, files[one.name], one.statistics), site.workloads
            )
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
