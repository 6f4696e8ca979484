"""`python -m audit`, from the checkout's root: audits the market that runs in laptop mode."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from audit.errors import CannotRead
from audit.reconciliation import audit
from audit.report import Report
from audit.stores import Stores
from laptop import closing
from laptop.cli import DEFAULT_FOLDER, INTERRUPTED
from laptop.errors import LaptopError
from laptop.home import Home
from laptop.terminal import Progress


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Audit and print. Gives 0 where all agrees, 1 where not or where it cannot read, 3 where the market is closed."""
    options = _parser(environ).parse_args(arguments)
    try:
        market, _ = closing.required(Home(options.dir.resolve()))
        progress = Progress(sys.stderr)
        report = audit(Stores.of_market(market), options.patience, progress.show)
        progress.clear()
        return _print(report, options.verbose)
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return INTERRUPTED
    except CannotRead as error:
        print(error, file=sys.stderr)
        return 1
    except LaptopError as error:
        print(error, file=sys.stderr)
        return error.exit_code


def _print(report: Report, verbose: bool) -> int:
    print(report.table())
    if report.on_their_way:
        print(f"\n{report.on_their_way} more were still changing when patience ended: the market is busy.")
    if report.is_clean:
        print("\nNothing is lost.")
        return 0
    print(f"\n{report.details(verbose)}")
    return 1


def _parser(environ: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m audit", description=__doc__)
    parser.add_argument(
        "--dir", type=Path, default=Path(environ.get("MARKET_DIR") or DEFAULT_FOLDER),
        help="the market's folder; default: MARKET_DIR, or .market in the checkout",
    )  # fmt: skip
    parser.add_argument(
        "--patience", type=float, default=10.0, metavar="SECONDS",
        help="how long something must be wrong to count; default: 10",
    )  # fmt: skip
    parser.add_argument(
        "--verbose", action="store_true", default=bool(environ.get("V")), help="show all findings; default: V"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
