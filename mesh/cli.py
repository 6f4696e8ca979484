"""What people ask the mesh: who gets what, what a change would do, who may call whom."""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from laptop import LaptopError
from laptop.ports import Ports
from mesh.checks import checked
from mesh.errors import MeshError
from mesh.laptop import laptop_site
from mesh.lookup import Lookup
from mesh.matrix import lines, permissions
from mesh.policies import load_with
from mesh.render import Files, render
from mesh.sidecars import text
from mesh.site import Site, Workload
from mesh.traffic import HttpRoute

_FOLDER = Path(".market/run/mesh")  # only shown; nothing is written


def main(arguments: Sequence[str]) -> int:
    """Runs one command and returns its exit code: 0, or 2 where the policies make no sense."""
    options = _parser().parse_args(arguments)
    try:
        for line in options.run(options):
            print(line)
    except (MeshError, LaptopError) as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenPipeError:
        sys.stderr.close()  # whoever read has seen enough
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m mesh", description=__doc__)
    parser.add_argument(
        "--port", type=int, default=8080, help="the gateway's port; the sidecars' follow from it"
    )
    commands = parser.add_subparsers(required=True)
    rendered = commands.add_parser("render", help="show what each sidecar gets")
    rendered.add_argument("--sidecar", default="", help="the whole configuration of this one")
    rendered.add_argument("--verbose", action="store_true", help="the whole configuration of all")
    rendered.set_defaults(run=_render)
    changed = commands.add_parser("diff", help="show what a change would change")
    changed.add_argument("file", type=Path, help="resources, as `kubectl apply -f` would take them")
    changed.set_defaults(run=_diff)
    commands.add_parser("matrix", help="show who may call whom").set_defaults(run=_matrix)
    return parser


def _site(options: argparse.Namespace) -> Site:
    return laptop_site(Ports(options.port), _FOLDER)


def _render(options: argparse.Namespace) -> Iterator[str]:
    site, policies = _site(options), load_with()
    names = [workload.name for workload in site.workloads]
    if options.sidecar and options.sidecar not in names:
        raise MeshError([f"there is no sidecar {options.sidecar}, only {', '.join(names)}"])
    rendered = render(policies, site)
    if options.sidecar or options.verbose:
        for name in [options.sidecar] if options.sidecar else names:
            yield from _whole(name, rendered[name])
        return
    yield f"{'sidecar':<16} {'for the mesh':>12} {'for itself':>10}  calls"
    lookup = Lookup(policies, site)
    yield from (_summary(lookup, workload) for workload in site.workloads)


def _whole(name: str, files: Files) -> Iterator[str]:
    for file, document in files.items():
        yield f"# {name}/{file}"
        yield text(document)


def _summary(lookup: Lookup, workload: Workload) -> str:
    calls = (f"{host} ({_way(lookup.routes(host))})" for host in workload.calls)
    taken_in, own = (
        "" if address is None else f":{address.port}" for address in (workload.inbound, workload.app)
    )
    return f"{workload.name:<16} {taken_in:>12} {own:>10}  {', '.join(calls) or 'nobody'}"


def _way(routes: tuple[HttpRoute, ...]) -> str:
    """The longest that a call may take, and what is done to some."""
    timeouts = [route.timeout for route in routes]
    longest = "no timeout" if None in timeouts else str(max(t for t in timeouts if t is not None))
    notes = [word for word, is_so in (("faults", any(r.fault for r in routes)),) if is_so]
    return ", ".join([longest, *notes])


def _diff(options: argparse.Namespace) -> Iterator[str]:
    site = _site(options)
    before, after = render(load_with(), site), render(load_with([options.file]), site)
    found = [line for name in before for line in _differences(name, before[name], after[name])]
    yield from found or ["nothing changes"]


def _differences(name: str, before: Files, after: Files) -> Iterator[str]:
    for file in dict.fromkeys((*before, *after)):
        old, new = (text(files[file]).splitlines() if file in files else [] for files in (before, after))
        yield from difflib.unified_diff(old, new, f"{name}/{file}", f"{name}/{file}", n=2, lineterm="")


def _matrix(options: argparse.Namespace) -> Iterator[str]:
    yield f"{'caller':<16} {'callee':<16} may call"
    yield from lines(permissions(checked(load_with(), _site(options))))
