"""`python -m chaos`, from the checkout's root: torments a throw-away market and prints the table."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from chaos import evidence
from chaos.findings import listed
from chaos.market import led_through, opened, planned, proxies
from chaos.report import rows, shown
from chaos.running import Outcome, Plan, run
from laptop.errors import LaptopError
from laptop.terminal import Progress


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Torment and print. Gives 0 without findings, else 1; 2 for bad arguments, 130 when interrupted."""
    options = _parser(environ).parse_args(arguments)
    plan = Plan(options.seed, options.minutes * 60)
    signal.signal(signal.SIGTERM, _interrupt)
    print(f"seed {plan.seed}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="chaos-")).resolve()
    try:
        outcome = _run(plan, folder, environ, keep=options.keep)
    except KeyboardInterrupt:
        print("\nInterrupted; the market is closed.", file=sys.stderr)
        return 130
    except LaptopError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    finally:
        if options.keep:
            print(f"The market's folder, with its logs: {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    print(_text(outcome, plan))
    return 1 if outcome.findings else 0


def _run(plan: Plan, folder: Path, environ: Mapping[str, str], *, keep: bool) -> Outcome:
    progress, market = Progress(sys.stderr), planned(folder / "market")
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
        replay = f"make chaos SEED={plan.seed} MINUTES={plan.seconds / 60:g} KEEP=1"
        parts += ["", f"{len(outcome.findings)} findings:", listed(outcome.findings), "", f"Again: {replay}"]
    else:
        parts += ["", "Nothing was lost, and nobody was left without an answer."]
    return "\n".join(parts)


def _parser(environ: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4)), help="replays a schedule")
    parser.add_argument("--minutes", type=_minutes, default=1.0, help="how long the faults go on; default: 1")
    parser.add_argument(
        "--keep", action="store_true", default=bool(environ.get("KEEP")),
        help="keep the market's folder with its logs, and all that was seen; default: KEEP",
    )  # fmt: skip
    return parser


def _minutes(text: str) -> float:
    minutes = float(text)
    if not 0.1 <= minutes <= 24 * 60:
        raise ValueError
    return minutes


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
