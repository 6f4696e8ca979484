"""`python -m tools.bench`, from the checkout's root: measures a throw-away market and prints the table."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from laptop.errors import LaptopError
from laptop.terminal import Progress
from tools.bench import mesh_cost, mesh_report
from tools.bench.measurements import QUICK, Plan, measure
from tools.bench.report import report
from tools.bench.servers import throw_away_market


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Measure and print. Gives 0, also where a budget is not met, or 1 where it cannot measure."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("--mesh", action="store_true", help="what a mesh costs: two markets, in turns")
    parser.add_argument("--quick", action="store_true", help="only try it out: few requests, rough figures")
    parser.add_argument(
        "--verbose", action="store_true", default=bool(environ.get("V")),
        help="show the programs one by one; default: V",
    )  # fmt: skip
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        command = shlex.join(["python", "-m", "tools.bench", *arguments])
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            told = (_mesh if options.mesh else _market)(Path(name).resolve(), environ, options, command)
        print(told)
        return 0
    except KeyboardInterrupt:
        print("\nInterrupted; the market is gone.", file=sys.stderr)
        return 130
    except LaptopError as error:
        print(error, file=sys.stderr)
        return 1


def _market(folder: Path, environ: Mapping[str, str], options: argparse.Namespace, command: str) -> str:
    with throw_away_market(folder / "market", environ) as market:
        results = measure(QUICK if options.quick else Plan(), market, folder, Progress(sys.stderr))
    return report(results, command, options.verbose)


def _mesh(folder: Path, environ: Mapping[str, str], options: argparse.Namespace, command: str) -> str:
    plan = mesh_cost.QUICK if options.quick else mesh_cost.Plan()
    with (
        mesh_cost.opened(folder / "without", environ, mesh=False) as without,
        mesh_cost.opened(folder / "with", environ, mesh=True) as guarded,
    ):
        results = mesh_cost.measure(plan, without, guarded, Progress(sys.stderr))
    return mesh_report.report(results, command, options.verbose)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
