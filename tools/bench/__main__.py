"""Measure a temporary stack and print the results beside the budgets."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from laptop import LaptopError
from tools.bench import mesh_cost, stack_cost
from tools.bench.report import mesh_report, stack_report
from tools.bench.servers import temporary_stack
from tools.bench.workload import BenchError

INTERRUPTED = 130  # the exit code that shells report for Ctrl-C


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Measure and print. Returns 0, even if a budget is exceeded, and 1 if the benchmark cannot measure."""
    options = _parser(environ).parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    command = shlex.join(["python", "-m", "tools.bench", *arguments])
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            measure = _measure_mesh if options.mesh else _measure_stack
            print(measure(Path(name).resolve(), environ, options, command))
        return 0
    except KeyboardInterrupt:
        print("\nInterrupted; the stack was removed.", file=sys.stderr)
        return INTERRUPTED
    except (BenchError, LaptopError) as error:
        print(error, file=sys.stderr)
        return 1


def _measure_stack(
    folder: Path, environ: Mapping[str, str], options: argparse.Namespace, command: str
) -> str:
    plan = stack_cost.QUICK if options.quick else stack_cost.Plan()
    with temporary_stack(folder / "market", environ) as stack:
        results = stack_cost.measure(plan, stack, folder, _show_progress)
    return stack_report(results, command, options.verbose)


def _measure_mesh(folder: Path, environ: Mapping[str, str], options: argparse.Namespace, command: str) -> str:
    plan = mesh_cost.QUICK if options.quick else mesh_cost.Plan()
    with (
        mesh_cost.started(folder / "without", environ, mesh=False) as without,
        mesh_cost.started(folder / "with", environ, mesh=True) as with_mesh,
    ):
        results = mesh_cost.measure(plan, without, with_mesh, _show_progress)
    return mesh_report(results, command, options.verbose)


def _show_progress(phase: str) -> None:
    print(f"  {phase} ...", file=sys.stderr, flush=True)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _parser(environ: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("--mesh", action="store_true", help="measure the cost of the mesh, with two stacks")
    parser.add_argument("--quick", action="store_true", help="few requests and rough figures, to try it out")
    parser.add_argument(
        "--verbose", action="store_true", default=bool(environ.get("V")),
        help="show the figures of each program; default: V",
    )  # fmt: skip
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
