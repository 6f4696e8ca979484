"""Inject faults into an ephemeral stack while users buy, and verify that nothing is lost."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from laptop import LaptopError
from laptop.cli import exit_code_of
from laptop.terminal import Progress
from tools.chaos import report
from tools.chaos.run import Plan, Result, run
from tools.chaos.stack import fault_proxies, new_stack, routed_through, running

_MIN_MINUTES, _MAX_MINUTES = 0.1, 1440.0


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run and print the report. Return 0 without violations, else 1; 2 for bad arguments, 130 if interrupted."""
    options = _parser(environ).parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    return exit_code_of(lambda: _command(options, environ), "chaos", options.verbose)


def _command(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    plan = Plan(_seed(options.seed), _minutes(options.minutes) * 60, options.mesh)
    print(f"seed {plan.seed}", flush=True)
    result = _run(plan, environ, keep=options.keep)
    print(f"\n{report.text(result, plan)}", flush=True)
    return 1 if result.violations else 0


def _run(plan: Plan, environ: Mapping[str, str], *, keep: bool) -> Result:
    folder = Path(tempfile.mkdtemp(prefix="chaos-")).resolve()
    progress = Progress(sys.stderr)
    try:
        stack = new_stack(folder / "stack", mesh=plan.mesh)
        with fault_proxies(stack) as proxies:
            stack = routed_through(proxies, stack)
            with running(stack, environ, progress, keep=keep):
                result = run(plan, stack, proxies, progress)
        if keep:
            report.write_artifacts(result, folder)
        return result
    finally:
        if keep:
            print(f"Kept the stack's state, logs and artifacts: {folder}", file=sys.stderr)
            print(f"To delete its data: make reset YES=1 MARKET_DIR={folder / 'stack'}", file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _parser(environ: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.chaos", description=__doc__)
    parser.add_argument(
        "--seed", default="", help="a whole number that repeats a run's schedule; default: random"
    )
    parser.add_argument("--minutes", default="1", help="how long faults are injected; default: 1")
    parser.add_argument("--mesh", action="store_true", help="run the stack with sidecars")
    parser.add_argument(
        "--keep", action="store_true", default=bool(environ.get("KEEP")),
        help="keep the stack's state and logs, and write every request and fault to files; default: KEEP",
    )  # fmt: skip
    parser.add_argument(
        "--verbose", action="store_true", default=bool(environ.get("V")),
        help="show the traceback of an unexpected error; default: V",
    )  # fmt: skip
    return parser


def _seed(text: str) -> int:
    if not text:
        return int.from_bytes(os.urandom(4))
    if not text.isdecimal():
        raise LaptopError(f"SEED must be a whole number, not {text!r}", exit_code=2)
    return int(text)


def _minutes(text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        minutes = 0.0
    if not _MIN_MINUTES <= minutes <= _MAX_MINUTES:
        limits = f"{_MIN_MINUTES} to {_MAX_MINUTES:.0f}"
        raise LaptopError(f"MINUTES must be a number from {limits}, not {text!r}", exit_code=2)
    return minutes


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
