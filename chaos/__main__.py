"""`python -m chaos`, from the checkout's root: torments a throw-away market and prints the table."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from chaos.market import led_through, opened, planned, proxies
from chaos.running import Plan, run
from laptop.errors import LaptopError
from laptop.terminal import Progress


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Torment and print. Gives 0 without findings, else 1; 2 for bad arguments, 130 when interrupted."""
    options = _parser(environ).parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    plan = Plan(options.seed, options.minutes * 60)
    print(f"seed {plan.seed}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="chaos-")).resolve()
    progress = Progress(sys.stderr)
    try:
        market = planned(folder / "market")
        with proxies(market) as between:
            market = led_through(between, market)
            with opened(market, environ, progress, keep=options.keep):
                found = run(plan, market, between, progress)
    except KeyboardInterrupt:
        print("\nInterrupted; the market is gone.", file=sys.stderr)
        return 130
    except LaptopError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(found.text())
    for finding, times in Counter(found.findings).most_common(40):
        print(f"  {times} x {finding}")
    return 1 if found.findings else 0


def _parser(environ: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4)), help="replays a schedule")
    parser.add_argument("--minutes", type=float, default=1.0, help="how long the faults go on; default: 1")
    parser.add_argument(
        "--keep", action="store_true", default=bool(environ.get("KEEP")),
        help="keep the market's folder with its logs; default: KEEP",
    )  # fmt: skip
    return parser


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
