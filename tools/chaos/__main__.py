"""`python -m tools.chaos`, from the checkout's root: torments a throw-away market and prints the table."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from laptop.cli import exit_code_of
from laptop.errors import LaptopError
from laptop.terminal import Progress
from tools.chaos import evidence
from tools.chaos.findings import listed
from tools.chaos.market import led_through, opened, planned, proxies
from tools.chaos.report import rows, shown
from tools.chaos.running import Outcome, Plan, run

_SHORTEST, _LONGEST = 0.1, 1440.0  # minutes


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Torment and print. Gives 0 without findings, else 1; 2 for bad arguments, 130 when interrupted."""
    options = _parser(environ).parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    return exit_code_of(lambda: _torment(options, environ), "chaos", options.verbose)


def _torment(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    plan = Plan(_seed(options.seed), _minutes(options.minutes) * 60, options.mesh)
    print(f"seed {plan.seed}", flush=True)
    outcome = _in_a_folder(plan, environ, keep=options.keep)
    print(_text(outcome, plan), flush=True)
    return 1 if outcome.findings else 0


def _in_a_folder(plan: Plan, environ: Mapping[str, str], *, keep: bool) -> Outcome:
    folder = Path(tempfile.mkdtemp(prefix="chaos-")).resolve()
    try:
        return _run(plan, folder, environ, keep=keep)
    finally:
        if keep:
            print(f"Kept, with the market's logs: {folder}", file=sys.stderr)
            print(f"To delete its data: make reset YES=1 MARKET_DIR={folder / 'market'}", file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _run(plan: Plan, folder: Path, environ: Mapping[str, str], *, keep: bool) -> Outcome:
    progress, market = Progress(sys.stderr), planned(folder / "market", mesh=plan.mesh)
    with proxies(market) as between:
        market = led_through(between, market)
        with opened(market, environ, progress, keep=keep):
            outcome = run(plan, market, between, progress)
    if keep:
        evidence.keep(outcome, folder)
    return outcome


def _text(outcome: Outcome, plan: Plan) -> str:
    parts = ["", shown(rows(outcome.requests, outcome.forces))]
    if outcome.audit:
        parts += ["", outcome.audit.table()]
    if outcome.findings:
        again = f"make chaos SEED={plan.seed} MINUTES={plan.seconds / 60:g} KEEP=1{' MESH=1' if plan.mesh else ''}"
        parts += ["", f"{len(outcome.findings)} findings:", listed(outcome.findings), "", f"Again: {again}"]
    else:
        parts += ["", "Nothing was lost, and nobody was left without an answer."]
    return "\n".join(parts)


def _parser(environ: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.chaos", description=__doc__)
    parser.add_argument("--seed", default="", help="a number that repeats a schedule; default: a random one")
    parser.add_argument("--minutes", default="1", help="how long the faults go on; default: 1")
    parser.add_argument("--mesh", action="store_true", help="torment a market with sidecars")
    parser.add_argument(
        "--keep", action="store_true", default=bool(environ.get("KEEP")),
        help="keep the market's folder with its logs, and all that was seen; default: KEEP",
    )  # fmt: skip
    parser.add_argument(
        "--verbose", action="store_true", default=bool(environ.get("V")),
        help="show where an unexpected error came from; default: V",
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
    if not _SHORTEST <= minutes <= _LONGEST:
        raise LaptopError(
            f"MINUTES must be a number from {_SHORTEST} to {_LONGEST:.0f}, not {text!r}", exit_code=2
        )
    return minutes


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
